import { z } from "zod";
import { digestSchema } from "../plan.ts";
import { prioritySchema } from "../take.ts";
import { fileBytesSchema } from "../take-fields.ts";
import { defineEndpoints } from "./endpoint.ts";

/** A number, or the string a multipart form makes of it. */
const numeric = (check: z.ZodNumber) =>
  z.union([
    check,
    z
      .string()
      .regex(/^-?\d+(\.\d+)?$/, "must be a number")
      .transform(Number)
      .pipe(check),
  ]);
const positiveInt = numeric(z.int().positive());
const idSchema = z.string().min(1);
const promptSchema = z.string().trim().min(1).max(100_000);
const seed = numeric(z.int().min(0).max(Number.MAX_SAFE_INTEGER)).optional();
const guidance_scale = numeric(z.number()).optional();
const negative_prompt = z.string().max(100_000).optional();
const priority = numeric(prioritySchema)
  .optional()
  .describe("A higher one runs earlier and interrupts a lower one; 0 unless set.");

/** Create body of the OpenAI Videos shape with the optional fields that self-hosted servers share. */
export const openaiCreateVideoSchema = z.strictObject({
  prompt: promptSchema,
  model: z.string().optional(),
  seconds: numeric(z.number().positive())
    .optional()
    .describe(
      "Length; the nearest frame count the model can do is used. Not together with num_frames.",
    ),
  size: z
    .string()
    .regex(/^\d+x\d+$/, 'must look like "128x128"')
    .optional(),
  seed,
  num_frames: positiveInt.optional(),
  fps: positiveInt.optional(),
  num_inference_steps: positiveInt.optional(),
  guidance_scale,
  negative_prompt,
  input_reference: z
    .union(
      [
        fileBytesSchema,
        z.strictObject({ file_id: digestSchema }),
        z.strictObject({ image_url: z.string() }),
      ],
      { error: 'must be a picture or {"file_id": …}' },
    )
    .optional()
    .describe("The picture the clip begins with: a form's file, or the digest of an uploaded one."),
  priority,
});
export type OpenaiCreateVideo = z.infer<typeof openaiCreateVideoSchema>;

/** A video that was made here, by its id; files are refused with a reason. */
const videoReferenceSchema = z.union([z.strictObject({ id: idSchema }), fileBytesSchema], {
  error: 'must be {"id": …}: the id of a completed video',
});

export const openaiRemixVideoSchema = z.strictObject({
  prompt: promptSchema,
  guidance_scale,
  negative_prompt,
  priority,
});
export type OpenaiRemixVideo = z.infer<typeof openaiRemixVideoSchema>;

export const openaiEditVideoSchema = z.strictObject({
  prompt: promptSchema,
  video: videoReferenceSchema,
  strength: numeric(z.number().gt(0).max(1))
    .optional()
    .describe("Share of the steps that are made again; 0.75 unless set."),
  seed,
  guidance_scale,
  negative_prompt,
  priority,
});
export type OpenaiEditVideo = z.infer<typeof openaiEditVideoSchema>;

export const openaiExtendVideoSchema = z.strictObject({
  prompt: promptSchema,
  video: videoReferenceSchema,
  seconds: numeric(z.number().positive()).describe(
    "Length of what is added; the nearest frame count the model can do is used.",
  ),
  seed,
  guidance_scale,
  negative_prompt,
  priority,
});
export type OpenaiExtendVideo = z.infer<typeof openaiExtendVideoSchema>;

export const openaiVideoSchema = z.object({
  id: z.string(),
  object: z.literal("video"),
  model: z.string(),
  status: z.enum(["queued", "in_progress", "completed", "failed"]),
  progress: z.number().min(0).max(100),
  created_at: z.int(),
  completed_at: z.int().nullable(),
  expires_at: z.int().nullable(),
  size: z.string(),
  seconds: z.string(),
  prompt: z.string().nullable(),
  remixed_from_video_id: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type OpenaiVideo = z.infer<typeof openaiVideoSchema>;

const DERIVED_ERRORS = [
  "take_not_found",
  "take_not_completed",
  "unsupported_value",
  "illegal_derivation",
  "state_not_found",
  "queue_full",
] as const;
const ofVideo = { params: z.object({ video_id: idSchema }) };
const json = <Schema extends z.ZodType>(schema: Schema) =>
  ({ kind: "json", status: 200, schema }) as const;

/** The OpenAI Videos shape (peers-and-clients §2A): translated at the edge, no logic of its own. */
export const OPENAI_ENDPOINTS = defineEndpoints({
  openaiCreateVideo: {
    method: "POST",
    path: "/v1/videos",
    tag: "openai",
    summary: "Create a video",
    body: openaiCreateVideoSchema,
    bodyTypes: ["application/json", "multipart/form-data"],
    idempotent: true,
    response: json(openaiVideoSchema),
    errors: [
      "model_not_found",
      "unsupported_value",
      "invalid_image",
      "file_not_found",
      "queue_full",
    ],
  },
  openaiRemixVideo: {
    method: "POST",
    path: "/v1/videos/{video_id}/remix",
    tag: "openai",
    summary: "Make a completed video again with another prompt",
    description:
      "A fork of the trajectory at the stored step nearest to a quarter of the way: what was drawn until then (the composition) stays, the rest follows the new prompt.",
    ...ofVideo,
    body: openaiRemixVideoSchema,
    bodyTypes: ["application/json", "multipart/form-data"],
    idempotent: true,
    response: json(openaiVideoSchema),
    errors: DERIVED_ERRORS,
  },
  openaiEditVideo: {
    method: "POST",
    path: "/v1/videos/edits",
    tag: "openai",
    summary: "Edit a completed video",
    description:
      "The whole clip gets noise again and is made anew with the prompt; the native derive endpoint edits a part of its time or area.",
    body: openaiEditVideoSchema,
    bodyTypes: ["application/json", "multipart/form-data"],
    idempotent: true,
    response: json(openaiVideoSchema),
    errors: DERIVED_ERRORS,
  },
  openaiExtendVideo: {
    method: "POST",
    path: "/v1/videos/extensions",
    tag: "openai",
    summary: "Make a completed video longer",
    description: "The answer's `seconds` is the length of the whole new video.",
    body: openaiExtendVideoSchema,
    bodyTypes: ["application/json", "multipart/form-data"],
    idempotent: true,
    response: json(openaiVideoSchema),
    errors: DERIVED_ERRORS,
  },
  openaiListVideos: {
    method: "GET",
    path: "/v1/videos",
    tag: "openai",
    summary: "List videos",
    query: z.strictObject({
      after: z.string().optional(),
      limit: z.coerce.number().int().min(0).max(100).default(20),
      order: z.enum(["asc", "desc"]).default("desc"),
    }),
    response: json(
      z.object({
        object: z.literal("list"),
        data: z.array(openaiVideoSchema),
        first_id: z.string().nullable(),
        last_id: z.string().nullable(),
        has_more: z.boolean(),
      }),
    ),
    errors: ["invalid_cursor"],
  },
  openaiGetVideo: {
    method: "GET",
    path: "/v1/videos/{video_id}",
    tag: "openai",
    summary: "Get a video",
    ...ofVideo,
    response: json(openaiVideoSchema),
    errors: ["take_not_found"],
  },
  openaiDeleteVideo: {
    method: "DELETE",
    path: "/v1/videos/{video_id}",
    tag: "openai",
    summary: "Delete a video",
    ...ofVideo,
    response: json(
      z.object({ id: z.string(), object: z.literal("video.deleted"), deleted: z.literal(true) }),
    ),
    errors: ["take_not_found", "take_active", "take_in_use"],
  },
  openaiGetVideoContent: {
    method: "GET",
    path: "/v1/videos/{video_id}/content",
    tag: "openai",
    summary: "Download a video, its thumbnail or its sprite sheet",
    ...ofVideo,
    query: z.strictObject({
      variant: z.enum(["video", "thumbnail", "spritesheet"]).default("video"),
    }),
    response: { kind: "file", mediaTypes: ["video/mp4", "image/jpeg"] },
    errors: ["take_not_found", "artifact_not_ready", "range_not_satisfiable"],
  },
  openaiListModels: {
    method: "GET",
    path: "/v1/models",
    tag: "openai",
    summary: "List models",
    response: json(
      z.object({
        object: z.literal("list"),
        data: z.array(
          z.object({
            id: z.string(),
            object: z.literal("model"),
            created: z.int(),
            owned_by: z.string(),
          }),
        ),
      }),
    ),
    errors: [],
  },
});
