import { z } from "zod";
import { takeIdSchema } from "./ids.ts";
import { solverSchema } from "./manifest.ts";
import { digestSchema, stepCacheSchema } from "./plan.ts";
import { MAX_SEED, textSchema } from "./take-fields.ts";

const prompt = textSchema
  .trim()
  .min(1, "must not be empty")
  .optional()
  .describe("The parent's unless set.");
const negativePrompt = textSchema.optional().describe("The parent's unless set.");
const seed = z.int().min(0).max(MAX_SEED).optional();
const guidanceScale = z.number().optional().describe("The parent's unless set.");
const steps = z.int().positive().optional();

/** A point in percent of the picture's width and height, from its top left corner. */
const pointSchema = z.tuple([z.number().min(0).max(100), z.number().min(0).max(100)]);

/** A part of the picture. */
export const areaSchema = z.discriminatedUnion("shape", [
  z.strictObject({
    shape: z.literal("rectangle"),
    x: z.number().min(0).max(100),
    y: z.number().min(0).max(100),
    width: z.number().positive().max(100),
    height: z.number().positive().max(100),
  }),
  z.strictObject({ shape: z.literal("polygon"), points: z.array(pointSchema).min(3).max(1000) }),
  z.strictObject({
    shape: z.literal("brush"),
    /** A grey or alpha PNG of the clip's size, uploaded as a file: white (or opaque) is made anew. */
    file: digestSchema,
  }),
]);
export type Area = z.infer<typeof areaSchema>;

/** What part of a clip: frames or seconds, [from, to); the whole clip where neither is given. */
const timeRange = {
  frames: z.tuple([z.int().nonnegative(), z.int().positive()]).optional(),
  seconds: z.tuple([z.number().nonnegative(), z.number().positive()]).optional(),
};

/** Of takes that compute steps. */
const reuse = z
  .boolean()
  .optional()
  .describe(
    "Whether stored steps of another take that began the same way are used, beyond those a fork goes on from; the parent's unless set.",
  );

const common = {
  priority: z.int().min(-10).max(10).optional(),
  title: z.string().trim().min(1).max(200).optional(),
};

/** Goes on from a stored step with something changed. */
export const forkRequestSchema = z.strictObject({
  kind: z.literal("fork"),
  at_step: z.int().nonnegative().describe("The last step that is kept; 0 keeps none."),
  prompt,
  negative_prompt: negativePrompt,
  guidance_scale: guidanceScale,
  solver: solverSchema.optional(),
  history: z
    .enum(["carry", "reset"])
    .optional()
    .describe("Whether the solver's history is used; carried unless solver or model change."),
  remaining_steps: steps.describe("How many steps follow; the parent's rest unless set."),
  sigmas: z
    .array(z.number().min(0).max(1))
    .min(1)
    .max(1000)
    .optional()
    .describe(
      "The noise levels after each remaining step, falling to 0; instead of remaining_steps.",
    ),
  model: z.string().optional().describe("Another model of the same latent space."),
  seed: seed.describe("Only at step 0: everything that is random is drawn there."),
  cache: stepCacheSchema.optional(),
  reuse,
  ...common,
});

/** Makes a part of a clip anew and keeps the rest bit for bit. */
export const editRequestSchema = z.strictObject({
  kind: z.literal("edit"),
  prompt,
  negative_prompt: negativePrompt,
  guidance_scale: guidanceScale,
  ...timeRange,
  area: areaSchema.optional().describe("The whole picture unless set."),
  feather: z
    .number()
    .min(0)
    .max(50)
    .optional()
    .describe(
      "Width of a soft border in percent of the picture, outside the area; it counts as changed. 0 unless set.",
    ),
  strength: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe(
      "Share of the steps that are made again: 1 starts from noise, less stays closer to what was there. 1 unless set.",
    ),
  seed,
  reuse,
  ...common,
});

const growth = {
  prompt,
  negative_prompt: negativePrompt,
  guidance_scale: guidanceScale,
  num_inference_steps: steps.describe("Steps per block; the parent's unless set."),
  seed,
  context_frames: z
    .int()
    .min(1)
    .max(8)
    .optional()
    .describe(
      "Latent frames of the clip that each new block looks at on either side, as far as the model has room for them; the server's choice unless set.",
    ),
  reuse,
  ...common,
};

/** Makes a clip longer at its end or at its beginning. */
export const extendRequestSchema = z.strictObject({
  kind: z.literal("extend"),
  direction: z.enum(["forward", "backward"]).default("forward"),
  num_frames: z.int().positive().describe("How many frames are added."),
  ...growth,
});

/** Makes new frames between two frames of a clip. */
export const insertRequestSchema = z.strictObject({
  kind: z.literal("insert"),
  at_frame: z.int().positive().describe("The new frames come before this one."),
  num_frames: z.int().positive(),
  ...growth,
});

/** Makes frames that lead from a clip's end back to its beginning. */
export const loopRequestSchema = z.strictObject({
  kind: z.literal("loop"),
  num_frames: z.int().positive(),
  ...growth,
});

/** Makes the next block of a stream: the new take shows only its own frames, and its states are no longer than a block. */
export const continueRequestSchema = z.strictObject({
  kind: z.literal("continue"),
  num_frames: z.int().positive().describe("Frames of the block."),
  ...growth,
});

/** Puts a stream's blocks, from its first clip to this block, together as one clip. */
export const finalizeRequestSchema = z.strictObject({ kind: z.literal("finalize"), ...common });

/** Puts other clips behind this one. */
export const concatenateRequestSchema = z.strictObject({
  kind: z.literal("concatenate"),
  takes: z.array(takeIdSchema).min(1).max(63),
  ...common,
});

export const deriveRequestSchema = z.discriminatedUnion("kind", [
  forkRequestSchema,
  editRequestSchema,
  extendRequestSchema,
  insertRequestSchema,
  loopRequestSchema,
  continueRequestSchema,
  finalizeRequestSchema,
  concatenateRequestSchema,
]);
export type DeriveRequest = z.infer<typeof deriveRequestSchema>;
export type DeriveRequestInput = z.input<typeof deriveRequestSchema>;
export type DeriveKind = DeriveRequest["kind"];
export type DeriveRequestOf<Kind extends DeriveKind> = Extract<DeriveRequest, { kind: Kind }>;

/** How a take came about: made from a prompt, or derived from its parent by the request that is repeated here. */
export const originSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("generate") }),
  ...deriveRequestSchema.options,
]);
export type Origin = z.infer<typeof originSchema>;

/** Steps of denoising and what they took; seconds are null where none of them was measured. */
const computedSchema = z.object({
  steps: z.int().nonnegative(),
  seconds: z.number().nonnegative().nullable(),
});

/** What an edit left as it was, measured on the result. */
export const editProofSchema = z.object({
  /**
   * Whether the kept part followed its stored states, or the straight line to its clean latents: where some of the states are not
   * stored any more, or the clip is longer than the model sees at once.
   */
  kept_path: z.enum(["stored", "straight_line"]),
  kept_latents: z.int().nonnegative(),
  changed_latents: z.int().nonnegative(),
  /** Every kept latent equals the parent's bit for bit. */
  kept_equal: z.boolean(),
  /** Pixels whose latents were kept, compared with the parent's; null where they are all equal or none was kept. */
  kept_psnr_db: z.number().nullable(),
  kept_pixels_equal: z.boolean(),
  /**
   * What the take computed, and what making its whole clip anew would have: all the steps that the edited clip was made with. Edits
   * of earlier versions do not tell.
   */
  cost: z.object({ computed: computedSchema, whole_clip: computedSchema }).optional(),
});
export type EditProof = z.infer<typeof editProofSchema>;
