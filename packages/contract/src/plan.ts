import { z } from "zod";
import { solverSchema } from "./manifest.ts";

/**
 * The explicit noise levels of a denoise segment.
 * `sigmas[k]` is the level before step k; n steps have n + 1 sigmas, from 1 (pure noise) down to 0 (clean).
 * `frame_sigmas[k][t]` overrides it per latent frame t where frames are denoised at different times.
 */
export const scheduleSchema = z.strictObject({
  sigmas: z.array(z.number().min(0).max(1)).min(2).max(1001),
  frame_sigmas: z.array(z.array(z.number().min(0).max(1))).optional(),
});
export type Schedule = z.infer<typeof scheduleSchema>;

export const encodeSegmentSchema = z.strictObject({
  type: z.literal("encode"),
  model: z.string(),
  prompt: z.string(),
  negative_prompt: z.string(),
});

/** Denoise steps [from, to) of `schedule` by one model with one conditioning. */
export const denoiseSegmentSchema = z.strictObject({
  type: z.literal("denoise"),
  model: z.string(),
  from: z.int().nonnegative(),
  to: z.int().positive(),
  schedule: scheduleSchema,
  solver: solverSchema,
  guidance_scale: z.number(),
  seed: z.int().nonnegative(),
  /** Latents' shape [channels, latent frames, height, width]. */
  shape: z.tuple([z.int(), z.int(), z.int(), z.int()]),
});
export type DenoiseSegment = z.infer<typeof denoiseSegmentSchema>;

export const decodeSegmentSchema = z.strictObject({
  type: z.literal("decode"),
  model: z.string(),
  num_frames: z.int().positive(),
  width: z.int().positive(),
  height: z.int().positive(),
});
export type DecodeSegment = z.infer<typeof decodeSegmentSchema>;

export const encodeVideoSegmentSchema = z.strictObject({
  type: z.literal("post_process"),
  fps: z.int().positive(),
  outputs: z.array(z.enum(["video", "thumbnail", "spritesheet"])),
});

export const segmentSchema = z.discriminatedUnion("type", [
  encodeSegmentSchema,
  denoiseSegmentSchema,
  decodeSegmentSchema,
  encodeVideoSegmentSchema,
]);
export type Segment = z.infer<typeof segmentSchema>;

/** The segments a take will execute, derived purely from request and manifest; stored before it runs. */
export const planSchema = z.strictObject({
  version: z.literal(1),
  weights_digest: z.string(),
  total_steps: z.int().positive(),
  segments: z.array(segmentSchema).min(1),
});
export type Plan = z.infer<typeof planSchema>;
