import { z } from "zod";
import { solverSchema } from "./manifest.ts";

export const digestSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "must be a sha256 digest in lower-case hex");
/** Clips that one take can be put together from. */
export const MAX_PIECES = 256;
const levelSchema = z.number().min(0).max(1);
/** A range of latent frames [from, to). */
const framesSchema = z.tuple([z.int().nonnegative(), z.int().positive()]);

/**
 * The explicit noise levels of a take. `sigmas[k]` is the level before step k; n steps have n + 1 of them. 1 is pure noise, 0 is clean.
 * `frame_sigmas[k][t]` is the level of latent frame t before step k, where frames are denoised at different times;
 * `sigmas` are then their means.
 */
export const scheduleSchema = z.strictObject({
  sigmas: z.array(levelSchema).min(1).max(1001),
  frame_sigmas: z.array(z.array(levelSchema)).optional(),
});
export type Schedule = z.infer<typeof scheduleSchema>;

/** Latents' shape [channels, latent frames, height, width]. */
export const latentShapeSchema = z.tuple([
  z.int().positive(),
  z.int().positive(),
  z.int().positive(),
  z.int().positive(),
]);
export type LatentShape = z.infer<typeof latentShapeSchema>;

/** A run of latent frames of a composed start. */
export const pieceSchema = z.discriminatedUnion("kind", [
  /** Frames still to be made. */
  z.strictObject({ kind: z.literal("noise"), frames: z.int().positive() }),
  /** Clean frames [from, to) of a stored state. */
  z.strictObject({ kind: z.literal("latents"), digest: digestSchema, frames: framesSchema }),
  /** One frame from a picture: a safetensors blob with `rgb` u8 [height, width, 3], which the model encodes. */
  z.strictObject({ kind: z.literal("image"), digest: digestSchema }),
]);
export type Piece = z.infer<typeof pieceSchema>;

const noiseStartSchema = z.strictObject({ kind: z.literal("noise"), seed: z.int().nonnegative() });
const composeStartSchema = z.strictObject({
  kind: z.literal("compose"),
  seed: z.int().nonnegative(),
  pieces: z.array(pieceSchema).min(1).max(MAX_PIECES),
});
const stateStartSchema = z.strictObject({ kind: z.literal("state"), digest: digestSchema });
/**
 * Clean latents with noise on them again: under the mask (1 - sigma)·clean + sigma·noise(seed) at the schedule's first
 * level, elsewhere what `kept` gives; null there means the same formula with `kept_seed`.
 */
const renoiseStartSchema = z.strictObject({
  kind: z.literal("renoise"),
  seed: z.int().nonnegative(),
  clean: digestSchema,
  mask: digestSchema,
  kept_seed: z.int().nonnegative(),
  kept: z
    .discriminatedUnion("kind", [noiseStartSchema, composeStartSchema, stateStartSchema])
    .nullable(),
});

/** What stands before step 0. */
export const startSchema = z.discriminatedUnion("kind", [
  noiseStartSchema,
  composeStartSchema,
  renoiseStartSchema,
]);
export type Start = z.infer<typeof startSchema>;

export const encodeSegmentSchema = z.strictObject({
  type: z.literal("encode"),
  model: z.string(),
  prompt: z.string(),
  negative_prompt: z.string(),
});
export type EncodeSegment = z.infer<typeof encodeSegmentSchema>;

/**
 * What an edit must not change. After each step every latent outside the mask is replaced by that of the kept
 * trajectory: the stored state `states[k]` after the segment's k-th step or, where that is null, the point of the
 * straight line (1 - sigma)·clean + sigma·noise(seed) at the frame's level. After the plan's last step it is `clean`.
 */
export const keepSchema = z.strictObject({
  /** A safetensors blob with `mask` f32 [latent frames, height, width]: 1 = made anew, 0 = kept bit for bit, between = blended. */
  mask: digestSchema,
  clean: digestSchema,
  seed: z.int().nonnegative(),
  states: z.array(digestSchema.nullable()),
});
export type Keep = z.infer<typeof keepSchema>;

/**
 * Finished latent frames [from, to), and the noise that they were made from: that of `seed`, from its latent frame `at` on. They are
 * seen at `share` of the level of the frames that move; by the pass with the negative prompt at `negative_share` of it, or at `share`. Where
 * that is more, guidance leads away from what does not heed the finished frames, as it does from what does not heed the prompt.
 */
export const contextNoiseSchema = z.strictObject({
  frames: framesSchema,
  seed: z.int().nonnegative(),
  at: z.int().nonnegative(),
  share: z.number().min(0).max(1),
  negative_share: z.number().min(0).max(1).optional(),
});
export type ContextNoise = z.infer<typeof contextNoiseSchema>;

/** Steps in [start, end) reuse the last computed velocity, except every `interval`-th, counted from `start`. */
export const stepCacheSchema = z.strictObject({
  start: z.int().nonnegative(),
  end: z.int().positive(),
  interval: z.int().min(2),
});
export type StepCache = z.infer<typeof stepCacheSchema>;

/** Steps [from, to) of the plan's schedule by one model with one conditioning. */
export const denoiseSegmentSchema = z.strictObject({
  type: z.literal("denoise"),
  model: z.string(),
  /** Which of the plan's encode segments, counted from 0. */
  conditioning: z.int().nonnegative(),
  from: z.int().nonnegative(),
  to: z.int().positive(),
  solver: solverSchema,
  /** Whether the solver's history of the step before `from` is used; always "reset" at step 0. */
  history: z.enum(["carry", "reset"]),
  guidance_scale: z.number(),
  /** Latent frames [from, to) that the net sees; the others wait or are finished. */
  window: framesSchema,
  /**
   * Finished frames that the net sees on their way, as (1 - sigma)·latents + sigma·noise at a share of the level of those that move, so
   * that both become one clip. In the clip they stay as they are. Other finished frames are seen at level 0.
   */
  context: z.array(contextNoiseSchema).max(MAX_PIECES).optional(),
  keep: keepSchema.nullable(),
  cache: stepCacheSchema.nullable(),
});
export type DenoiseSegment = z.infer<typeof denoiseSegmentSchema>;

/** Latent frames [from, to) of a state to decode. */
export const decodePieceSchema = z.strictObject({
  /** null: the take's own last state. */
  state: digestSchema.nullable(),
  frames: framesSchema,
  /** The piece's first latent frame stands for one frame of the clip, not for a whole group. */
  first: z.boolean(),
});
export type DecodePiece = z.infer<typeof decodePieceSchema>;

export const decodeSegmentSchema = z.strictObject({
  type: z.literal("decode"),
  model: z.string(),
  pieces: z.array(decodePieceSchema).min(1).max(MAX_PIECES),
  num_frames: z.int().positive(),
  width: z.int().positive(),
  height: z.int().positive(),
});
export type DecodeSegment = z.infer<typeof decodeSegmentSchema>;

export const postProcessSegmentSchema = z.strictObject({
  type: z.literal("post_process"),
  fps: z.int().positive(),
  outputs: z.array(z.enum(["video", "thumbnail", "spritesheet"])),
});

export const segmentSchema = z.discriminatedUnion("type", [
  encodeSegmentSchema,
  denoiseSegmentSchema,
  decodeSegmentSchema,
  postProcessSegmentSchema,
]);
export type Segment = z.infer<typeof segmentSchema>;

/**
 * What a take will execute, derived purely from request, manifests and parent; stored before it runs.
 * Every blob that it reads is named by its digest, so that a plan can be executed without asking for anything else.
 */
export const planSchema = z.strictObject({
  version: z.literal(2),
  /** Digest of each model's weights as they were when the plan was made. */
  weights: z.record(z.string(), z.string()),
  shape: latentShapeSchema,
  start: startSchema,
  schedule: scheduleSchema,
  total_steps: z.int().nonnegative(),
  segments: z.array(segmentSchema).min(1),
});
export type Plan = z.infer<typeof planSchema>;

/** Latent frames that the net is shown for a window: in front of one that does not begin at frame 0 stands an absent first frame. */
export function framesSeen([from, to]: readonly [number, number]): number {
  return to - from + (from > 0 ? 1 : 0);
}
