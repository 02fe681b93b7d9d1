import { z } from "zod";
import { editProofSchema, originSchema } from "./derive.ts";
import { errorRecordSchema } from "./fabric-error.ts";
import { artifactIdSchema, sessionIdSchema, takeIdSchema } from "./ids.ts";
import { takeStatusSchema } from "./lifecycle.ts";
import { solverSchema } from "./manifest.ts";
import { digestSchema, planSchema, stepCacheSchema } from "./plan.ts";
import { MAX_SEED, stagesSchema, textSchema } from "./take-fields.ts";

export const prioritySchema = z.int().min(-10).max(10);
export const takeTitleSchema = z.string().trim().min(1).max(200);
export const tagSchema = z.string().trim().min(1).max(40);

const stepsSchema = z.int().positive().describe("Denoising steps.");

/** What a client asks for. What is left out is filled from the model's defaults; what is sent takes effect or is refused. */
export const takeRequestSchema = z.strictObject({
  prompt: textSchema
    .trim()
    .min(1, "must not be empty")
    .describe(
      "What the clip shows. Words the model does not know come back as a warning of the take.",
    ),
  negative_prompt: textSchema.optional().describe("What it should not show."),
  model: z
    .string()
    .optional()
    .describe(
      "A model's id. Unless set, that of the last of the stages, or the server's default model.",
    ),
  seed: z
    .int()
    .min(0)
    .max(MAX_SEED)
    .optional()
    .describe(
      "The same seed and settings give the same clip. Drawn by chance unless set, and always told.",
    ),
  width: z.int().positive().optional().describe("Pixels."),
  height: z.int().positive().optional().describe("Pixels."),
  num_frames: z.int().positive().optional().describe("Length of the clip in frames."),
  fps: z.int().positive().optional().describe("Frames a second."),
  num_inference_steps: z
    .union([z.literal("few"), stepsSchema])
    .optional()
    .describe(
      'Denoising steps; more take longer and draw finer. "few": the model\'s quick schedule, its `few_steps`.',
    ),
  guidance_scale: z
    .number()
    .optional()
    .describe(
      "How strictly the prompt is followed. At a model's `guidance_built_in` (1 for most) a step needs one pass instead of two, and the negative prompt is not looked at. Below the noise level of its `guidance_until` (0 for most) a step is always that one pass.",
    ),
  solver: solverSchema.optional().describe("How a step is computed."),
  shift: z
    .number()
    .min(0.1)
    .max(20)
    .optional()
    .describe(
      "Timestep shift s' = s·u / (1 + (s - 1)·u); above 1 spends more steps at high noise.",
    ),
  frame_lag: z
    .int()
    .min(0)
    .max(8)
    .optional()
    .describe(
      "Steps by which each latent frame trails the one before it; 0 denoises all frames together.",
    ),
  stages: z
    .union([z.literal("default"), stagesSchema])
    .optional()
    .describe(
      'Models that share the schedule one after the other, all of one latent space; the steps must add up to num_inference_steps. "default": as the model\'s `default_stages` say.',
    ),
  cache: stepCacheSchema
    .optional()
    .describe("Reuse of the last prediction in a part of the steps."),
  first_frame: digestSchema
    .optional()
    .describe("Digest of an uploaded picture that the clip begins with."),
  last_frame: digestSchema
    .optional()
    .describe("Digest of an uploaded picture that the clip ends with."),
  reuse: z
    .boolean()
    .optional()
    .describe("Whether stored steps of a take that began the same way are used; true unless set."),
  priority: prioritySchema
    .optional()
    .describe("A higher one runs earlier and interrupts a lower one; 0 unless set."),
  title: takeTitleSchema.optional(),
});
export type TakeRequest = z.infer<typeof takeRequestSchema>;

/** A request with every value filled in: what will really run. */
export const takeParametersSchema = takeRequestSchema
  .omit({
    num_inference_steps: true,
    stages: true,
    cache: true,
    first_frame: true,
    last_frame: true,
    priority: true,
    title: true,
  })
  .required()
  .extend({
    num_inference_steps: stepsSchema,
    stages: stagesSchema.nullable(),
    cache: stepCacheSchema.nullable(),
    first_frame: digestSchema.nullable(),
    last_frame: digestSchema.nullable(),
  });
export type TakeParameters = z.infer<typeof takeParametersSchema>;

export const takePhaseSchema = z.enum([
  "queued",
  "loading",
  "encoding",
  "denoising",
  "decoding",
  "finishing",
  "done",
]);
export type TakePhase = z.infer<typeof takePhaseSchema>;

export const takeProgressSchema = z.object({
  phase: takePhaseSchema,
  /** Steps whose state is stored. */
  step: z.int().nonnegative(),
  total_steps: z.int().nonnegative(),
  /** Median seconds of a step so far; null before the first one. */
  step_seconds: z.number().nullable(),
  remaining_seconds: z.number().nullable(),
});
export type TakeProgress = z.infer<typeof takeProgressSchema>;

export const artifactKindSchema = z.enum(["video", "thumbnail", "spritesheet", "log"]);
export type ArtifactKind = z.infer<typeof artifactKindSchema>;

export const artifactSchema = z.object({
  id: artifactIdSchema,
  take_id: takeIdSchema,
  kind: artifactKindSchema,
  media_type: z.string(),
  bytes: z.int().nonnegative(),
  /** sha256 of the content, hex. */
  digest: z.string(),
  /** Frame count, rate, size, encoder, tile layout: what the kind needs to be used. */
  metadata: z.record(z.string(), z.unknown()),
  created_at: z.iso.datetime(),
});
export type Artifact = z.infer<typeof artifactSchema>;

/** Words of the prompt the model does not know, and the like: the take runs, but not quite as asked. */
export const takeWarningSchema = z.object({
  code: z.enum(["unknown_words", "prompt_truncated", "negative_prompt_unused"]),
  message: z.string(),
  words: z.array(z.string()),
});
export type TakeWarning = z.infer<typeof takeWarningSchema>;

/** Hardware and versions a trajectory was computed with; equal environments give equal bytes. */
export const environmentSchema = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean()]),
);
export type Environment = z.infer<typeof environmentSchema>;

/** What a run is expected to take on this machine, from measured steps; null where nothing like it has run yet. */
export const estimateSchema = z.object({
  seconds: z.number().nonnegative(),
  step_seconds: z.number().nonnegative(),
  /** Steps that will be computed, and those that are there already. */
  steps: z.int().nonnegative(),
  steps_reused: z.int().nonnegative(),
});
export type Estimate = z.infer<typeof estimateSchema>;

export const takeSchema = z.object({
  id: takeIdSchema,
  session_id: sessionIdSchema,
  /** The take it was derived from; null for one made from a prompt. */
  parent_id: takeIdSchema.nullable(),
  origin: originSchema,
  title: z.string().nullable(),
  tags: z.array(z.string()),
  status: takeStatusSchema,
  /** It will be paused at the end of its present step. */
  pause_requested: z.boolean(),
  priority: prioritySchema,
  model: z.string(),
  parameters: takeParametersSchema,
  plan: planSchema,
  progress: takeProgressSchema,
  /** 1 = next to run; null when not queued. */
  queue_position: z.int().positive().nullable(),
  error: errorRecordSchema.nullable(),
  warnings: z.array(takeWarningSchema),
  environment: environmentSchema.nullable(),
  /** The states before these steps were computed on other hardware, weights or versions: where the trajectory changed over. */
  environment_changes: z.array(
    z.object({ after_step: z.int().nonnegative(), environment: environmentSchema }),
  ),
  /** How often a worker or server was lost and the take went on from a stored state. */
  resumes: z.int().nonnegative(),
  /** Leading steps that were not computed for this take: they are its parent's or those of a take that began the same way. */
  steps_reused: z.int().nonnegative(),
  estimate: estimateSchema.nullable(),
  /** Of edits, when completed. */
  proof: editProofSchema.nullable(),
  artifacts: z.array(artifactSchema),
  created_at: z.iso.datetime(),
  started_at: z.iso.datetime().nullable(),
  finished_at: z.iso.datetime().nullable(),
});
export type Take = z.infer<typeof takeSchema>;

export const sessionSchema = z.object({
  id: sessionIdSchema,
  title: z.string(),
  /** The take that a person works on. */
  head_take_id: takeIdSchema.nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  take_count: z.int().nonnegative(),
  /** Sequence number of the session's newest event. */
  last_seq: z.int().nonnegative(),
});
export type Session = z.infer<typeof sessionSchema>;

/** A stored step of a trajectory. The blob itself is at /api/v1/takes/{take_id}/states/{step}/content. */
export const stateSchema = z.object({
  take_id: takeIdSchema,
  /** Number of steps done: state k is what step k reads. */
  step: z.int().positive(),
  sigma: z.number(),
  bytes: z.int().positive(),
  /** sha256 of the safetensors blob, hex. */
  digest: z.string(),
  /** Digest of everything that determined this state: equal derivations have equal bytes in one environment. */
  derivation: z.string(),
  has_preview: z.boolean(),
  /** A person's name for this step; it keeps the state from being thinned out. */
  label: z.string().nullable(),
  /** It was computed for another take. */
  reused: z.boolean(),
  /** Seconds the step took, and the part of it spent inside the model. */
  seconds: z.number(),
  model_seconds: z.number(),
  created_at: z.iso.datetime(),
});
export type State = z.infer<typeof stateSchema>;

export const logLineSchema = z.object({
  at: z.iso.datetime(),
  level: z.enum(["debug", "info", "warn", "error"]),
  source: z.enum(["server", "worker"]),
  message: z.string(),
});
export type LogLine = z.infer<typeof logLineSchema>;
