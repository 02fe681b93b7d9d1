import { z } from "zod";

const positiveInt = z.int().positive();

/** A whole-number range a parameter may take: min, min + step, … max. */
export const intRangeSchema = z.strictObject({
  min: z.int(),
  max: z.int(),
  step: positiveInt.default(1),
});
export const numberRangeSchema = z.strictObject({ min: z.number(), max: z.number() });

export const solverSchema = z.enum(["euler", "dpmpp_2m"]);
export type Solver = z.infer<typeof solverSchema>;

/** What a model's net can do beside text to video: start from given frames, and see single frames at noise levels of their own. */
export const capabilitySchema = z.enum(["text_to_video", "image_to_video", "frame_levels"]);

export const weightRoleSchema = z.enum([
  "text_encoder",
  "denoiser",
  "decoder",
  "encoder",
  "preview",
  "tokenizer",
]);

export const weightFileSchema = z.strictObject({
  path: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, "must be a relative path inside the model's folder")
    .refine((path) => !path.split("/").includes(".."), "must not leave the model's folder"),
  role: weightRoleSchema,
  bytes: positiveInt,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** What a person may say to a model with a closed vocabulary; shown by the studio's prompt builder. */
export const vocabularySchema = z.record(z.string(), z.array(z.string()));

/** One model of the registry, from `models/<id>/manifest.json`. */
export const manifestSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  name: z.string(),
  family: z.string(),
  runtime: z.enum(["onnx"]),
  latent_space: z.string(),
  version: z.string(),
  description: z.string(),
  licence: z.string(),
  capabilities: z.array(capabilitySchema).min(1),
  /** A state's latents are [channels, latent frames, height, width], fp32. */
  latents: z.strictObject({
    channels: positiveInt,
    height: positiveInt,
    width: positiveInt,
    frames_per_group: positiveInt,
  }),
  limits: z.strictObject({
    width: z.array(positiveInt).min(1),
    height: z.array(positiveInt).min(1),
    num_frames: intRangeSchema,
    fps: intRangeSchema,
    num_inference_steps: intRangeSchema,
    guidance_scale: numberRangeSchema,
    prompt_chars: positiveInt,
  }),
  defaults: z.strictObject({
    width: positiveInt,
    height: positiveInt,
    num_frames: positiveInt,
    fps: positiveInt,
    num_inference_steps: positiveInt,
    guidance_scale: z.number(),
    solver: solverSchema,
    shift: z.number().positive(),
  }),
  /** The guidance that one pass of the net has by its training; any other scale needs a second, unconditional pass. */
  guidance_built_in: z.number().positive().default(1),
  /**
   * The noise level from which on a step is that one pass at any scale: what is drawn is decided then, and guidance would only disturb
   * how. 0: guidance works to the end.
   */
  guidance_until: z.number().min(0).max(1).default(0),
  /** The family's hybrid schedule, for `stages: "default"`: models in order with their shares of the steps, 1 in all. */
  default_stages: z
    .array(z.strictObject({ model: z.string(), share: z.number().positive().max(1) }))
    .min(2)
    .refine(
      (stages) => Math.abs(stages.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-6,
      "the shares must add up to 1",
    )
    .optional(),
  /** Steps of the quick schedule, for `num_inference_steps: "few"`: the model was measured to hold the prompt in so few. */
  few_steps: positiveInt.optional(),
  memory_bytes: positiveInt,
  vocabulary: vocabularySchema.default({}),
  examples: z.array(z.string()).default([]),
  files: z.array(weightFileSchema).min(1),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** Whether a step that moves latent frames from their levels to the next ones is guided by the scale that was asked for. */
export function isGuidedStep(
  { guidance_until: until }: Pick<Manifest, "guidance_until">,
  levels: readonly number[],
  nextLevels: readonly number[],
): boolean {
  return levels.some((level, frame) => level !== nextLevels[frame] && level > until);
}

/** Latent frames that a model's net can see at once. */
export function windowLimit({ limits, latents }: Pick<Manifest, "limits" | "latents">): number {
  return 1 + Math.floor((limits.num_frames.max - 1) / latents.frames_per_group);
}

export const workerStatusSchema = z.enum(["cold", "starting", "warm", "busy", "stopping", "error"]);
export type WorkerStatus = z.infer<typeof workerStatusSchema>;

/** A model as the API shows it: its manifest with the status of its worker. */
export const modelSchema = manifestSchema.omit({ files: true }).extend({
  status: workerStatusSchema,
  /** Digest over the digests of all weight files; part of every state's derivation. */
  weights_digest: z.string(),
  is_default: z.boolean(),
});
export type Model = z.infer<typeof modelSchema>;
