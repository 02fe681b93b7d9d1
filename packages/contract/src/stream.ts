import { z } from "zod";
import { errorRecordSchema } from "./fabric-error.ts";
import { sessionIdSchema, streamIdSchema, takeIdSchema } from "./ids.ts";
import { MAX_SEED, textSchema } from "./take-fields.ts";

/** running: blocks are made one after the other; ended: it was finalized. */
export const streamStatusSchema = z.enum(["running", "paused", "ended"]);
export type StreamStatus = z.infer<typeof streamStatusSchema>;

const MAX_BLOCKS = 200;
const blocksSchema = z.int().min(1).max(MAX_BLOCKS);
const promptSchema = textSchema.trim().min(1, "must not be empty");

/** What of a stream may change while it runs; it takes effect with the next block. */
const settings = {
  prompt: promptSchema,
  negative_prompt: textSchema,
  guidance_scale: z.number(),
  num_inference_steps: z.int().positive().describe("Steps per block."),
  max_blocks: blocksSchema.describe("The stream pauses after this many blocks."),
};

/** A clip that grows block by block while its prompt may change. */
export const streamRequestSchema = z.strictObject({
  prompt: settings.prompt,
  negative_prompt: settings.negative_prompt.optional(),
  model: z.string().optional(),
  guidance_scale: settings.guidance_scale.optional(),
  num_inference_steps: settings.num_inference_steps.optional(),
  max_blocks: settings.max_blocks.optional(),
  seed: z.int().min(0).max(MAX_SEED).optional(),
  block_frames: z
    .int()
    .positive()
    .optional()
    .describe("Frames of each block after the first clip."),
  fps: z.int().positive().optional(),
});
export type StreamRequest = z.infer<typeof streamRequestSchema>;

export const streamChangesSchema = z.strictObject(settings).partial();
export type StreamChanges = z.infer<typeof streamChangesSchema>;

export const streamSchema = z.object({
  id: streamIdSchema,
  session_id: sessionIdSchema,
  status: streamStatusSchema,
  model: z.string(),
  ...settings,
  block_frames: z.int().positive(),
  /** The newest finished block; null before the first. Another take of the stream may be made the head: it goes on from there. */
  head_take_id: takeIdSchema.nullable(),
  /** The block that is being made or waits to be. */
  next_take_id: takeIdSchema.nullable(),
  /** Blocks up to the head. */
  blocks: z.int().nonnegative(),
  /** Why the last block could not be made; it is tried again when the stream is resumed. */
  error: errorRecordSchema.nullable(),
  created_at: z.iso.datetime(),
});
export type Stream = z.infer<typeof streamSchema>;
