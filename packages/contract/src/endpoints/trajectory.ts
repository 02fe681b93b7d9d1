import { z } from "zod";
import { deriveRequestSchema } from "../derive.ts";
import { sessionIdSchema, takeIdSchema } from "../ids.ts";
import { digestSchema } from "../plan.ts";
import {
  prioritySchema,
  sessionSchema,
  stateSchema,
  tagSchema,
  takeParametersSchema,
  takeSchema,
  takeTitleSchema,
} from "../take.ts";
import { defineEndpoints } from "./endpoint.ts";
import { fileBytesSchema } from "../take-fields.ts";
import { inSession, json, ofStep, ofTake, plannedSchema } from "./native.ts";

const DERIVE_ERRORS = [
  "take_not_found",
  "take_not_completed",
  "state_not_found",
  "model_not_found",
  "unsupported_value",
  "range_outside_clip",
  "invalid_mask",
  "file_not_found",
  "schedule_mismatch",
  "latent_space_mismatch",
  "illegal_derivation",
] as const;

/** An uploaded picture. It is kept for a day, and as long as a take needs it. */
export const fileSchema = z.object({
  digest: digestSchema,
  name: z.string(),
  media_type: z.string(),
  bytes: z.int().positive(),
  width: z.int().positive(),
  height: z.int().positive(),
  created_at: z.iso.datetime(),
});
export type UploadedFile = z.infer<typeof fileSchema>;

/** How two takes differ. */
export const comparisonSchema = z.object({
  a: takeIdSchema,
  b: takeIdSchema,
  /** Parameters that differ, with both values. */
  parameters: z.array(
    z.object({ name: takeParametersSchema.keyof(), a: z.unknown(), b: z.unknown() }),
  ),
  /** Leading steps whose states are equal byte for byte. */
  shared_steps: z.int().nonnegative(),
  /** Of the frames that both have; null where frames were not compared (another size) or are all equal. */
  psnr_db: z.number().nullable(),
  /** Mean absolute difference of each frame, 0 … 255. */
  frame_differences: z.array(z.number()),
});
export type Comparison = z.infer<typeof comparisonSchema>;

const usageSchema = z.object({
  states: z.int().nonnegative(),
  state_bytes: z.int().nonnegative(),
  artifact_bytes: z.int().nonnegative(),
});
export const storageSchema = z.object({
  ...usageSchema.shape,
  /** States may take this much; above it the states of finished takes are thinned out, oldest first. null = no limit. */
  budget_bytes: z.int().positive().nullable(),
  sessions: z.array(
    z.object({ session_id: sessionIdSchema, title: z.string(), ...usageSchema.shape }),
  ),
});
export type Storage = z.infer<typeof storageSchema>;

/** What can be done with trajectories: pause, derive, compare, keep, move. */
export const TRAJECTORY_ENDPOINTS = defineEndpoints({
  pauseTake: {
    method: "POST",
    path: "/api/v1/takes/{take_id}/pause",
    tag: "takes",
    summary: "Stop a take at the end of its present step and free its worker",
    ...ofTake,
    response: json(takeSchema),
    errors: ["take_not_found", "take_not_active"],
  },
  resumeTake: {
    method: "POST",
    path: "/api/v1/takes/{take_id}/resume",
    tag: "takes",
    summary: "Let a paused take go on from its last state",
    ...ofTake,
    response: json(takeSchema),
    errors: ["take_not_found", "take_not_paused", "model_not_found"],
  },
  updateTake: {
    method: "PATCH",
    path: "/api/v1/takes/{take_id}",
    tag: "takes",
    summary: "Change a take's title, tags or priority",
    ...ofTake,
    body: z.strictObject({
      title: takeTitleSchema.nullable().optional(),
      tags: z
        .array(tagSchema)
        .max(20)
        .refine((tags) => new Set(tags).size === tags.length, "must not name a tag twice")
        .optional(),
      priority: prioritySchema.optional(),
    }),
    response: json(takeSchema),
    errors: ["take_not_found", "take_not_active"],
  },
  deriveTake: {
    method: "POST",
    path: "/api/v1/takes/{take_id}/derive",
    tag: "takes",
    summary: "Fork, edit, extend, insert, loop or concatenate: a new take made from this one",
    ...ofTake,
    body: deriveRequestSchema,
    idempotent: true,
    response: json(takeSchema, 201),
    errors: [...DERIVE_ERRORS, "queue_full", "idempotency_key_reused"],
  },
  planDerivedTake: {
    method: "POST",
    path: "/api/v1/takes/{take_id}/derive/plan",
    tag: "takes",
    summary: "What a derived take would run and what it would take, without running it",
    ...ofTake,
    body: deriveRequestSchema,
    response: json(plannedSchema),
    errors: DERIVE_ERRORS,
  },
  compareTakes: {
    method: "GET",
    path: "/api/v1/takes/{take_id}/compare/{other_id}",
    tag: "takes",
    summary: "How two takes differ: parameters, shared steps, frames",
    params: z.object({ take_id: takeIdSchema, other_id: takeIdSchema }),
    response: json(comparisonSchema),
    errors: ["take_not_found", "take_not_completed"],
  },
  getDifferencePicture: {
    method: "GET",
    path: "/api/v1/takes/{take_id}/compare/{other_id}/picture",
    tag: "takes",
    summary:
      "The difference of two takes' frames as a strip of grey pictures, brighter where they differ more",
    params: z.object({ take_id: takeIdSchema, other_id: takeIdSchema }),
    response: { kind: "file", mediaTypes: ["image/jpeg"] },
    errors: ["take_not_found", "take_not_completed", "unsupported_value"],
  },
  labelState: {
    method: "PUT",
    path: "/api/v1/takes/{take_id}/states/{step}/label",
    tag: "takes",
    summary: "Name a step, which also keeps its state; null takes the name away",
    ...ofStep,
    body: z.strictObject({ label: tagSchema.nullable() }),
    response: json(stateSchema),
    errors: ["take_not_found", "state_not_found"],
  },
  draftState: {
    method: "GET",
    path: "/api/v1/takes/{take_id}/states/{step}/draft",
    tag: "takes",
    summary:
      "The clean frames that the model expects at a step, computed now; the take is not touched",
    ...ofStep,
    response: { kind: "file", mediaTypes: ["image/jpeg"] },
    errors: ["take_not_found", "state_not_found"],
  },

  uploadFile: {
    method: "POST",
    path: "/api/v1/files",
    tag: "files",
    summary: "Upload a picture (first or last frame, brush mask)",
    body: z.strictObject({
      file: fileBytesSchema.describe("The picture: PNG, JPEG or WebP."),
      name: z.string().max(200).optional().describe("The name of the form's file unless set."),
    }),
    bodyTypes: ["multipart/form-data"],
    response: json(fileSchema, 201),
    errors: ["invalid_multipart", "invalid_image", "payload_too_large"],
  },

  exportSession: {
    method: "GET",
    path: "/api/v1/sessions/{session_id}/bundle",
    tag: "sessions",
    summary: "A session with all its takes, states and artifacts as one file",
    ...inSession,
    response: { kind: "file", mediaTypes: ["application/x-tar"], streamed: true },
    errors: ["session_not_found", "session_active", "state_corrupt"],
  },
  importSession: {
    method: "POST",
    path: "/api/v1/sessions/import",
    tag: "sessions",
    summary: "Bring in a session from a bundle; every digest is checked",
    bodyTypes: ["application/x-tar"],
    response: json(sessionSchema, 201),
    errors: ["bundle_invalid", "bundle_newer", "payload_too_large", "disk_full"],
  },
  getStorage: {
    method: "GET",
    path: "/api/v1/storage",
    tag: "system",
    summary: "What states and artifacts take on the disk",
    response: json(storageSchema),
    errors: [],
  },
  thinStates: {
    method: "POST",
    path: "/api/v1/storage/thin",
    tag: "system",
    summary: "Remove states of finished takes that nothing needs, as the policy says",
    body: z.strictObject({
      session_id: sessionIdSchema.optional(),
      keep_every: z.int().min(1).max(1000).describe("Every n-th step stays; 1 keeps all."),
      dry_run: z.boolean().default(false),
    }),
    response: json(z.object({ states: z.int().nonnegative(), bytes: z.int().nonnegative() })),
    errors: ["session_not_found"],
  },
});
