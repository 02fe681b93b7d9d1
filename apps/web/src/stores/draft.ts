import {
  digestSchema,
  solverSchema,
  stageSchema,
  type Model,
  type Stage,
  type StreamRequest,
  type TakeParameters,
  type TakeRequest,
} from "@arc-fabric/contract";
import { z } from "zod";
import { createStore } from "../util/create-store.ts";
import { recall, remember } from "../util/local-storage.ts";
import { snap } from "../util/snap.ts";

/** What a person has set apart from the prompt; what is not here follows the model's default. */
const settingsSchema = z
  .object({
    width: z.number(),
    height: z.number(),
    num_frames: z.number(),
    fps: z.number(),
    num_inference_steps: z.number(),
    guidance_scale: z.number(),
    solver: solverSchema,
    shift: z.number(),
    frame_lag: z.number(),
  })
  .partial();

const pictureSchema = z.object({ digest: digestSchema, name: z.string() });
export type DraftPicture = z.infer<typeof pictureSchema>;

const draftSchema = z.object({
  prompt: z.string(),
  negativePrompt: z.string(),
  /** null = the server's default model. */
  model: z.string().nullable(),
  /** null = another seed each time. */
  seed: z.number().nullable(),
  settings: settingsSchema,
  /** The first steps, made by another model of the same latent space. */
  handover: stageSchema.nullable().default(null),
  /** Uploaded pictures that the clip begins and ends with. */
  firstFrame: pictureSchema.nullable().default(null),
  lastFrame: pictureSchema.nullable().default(null),
  /** Goes on block by block; null = one clip. */
  stream: z
    .object({ blocks: z.int().min(1).max(200), frames: z.int().positive() })
    .nullable()
    .default(null),
});

export type Settings = z.infer<typeof settingsSchema>;
export type Draft = z.infer<typeof draftSchema>;
/** Every setting with its value in force. */
export type Effective = Required<Settings>;

const KEY = "arc.draft";
const EMPTY: Draft = {
  prompt: "",
  negativePrompt: "",
  model: null,
  seed: null,
  settings: {},
  handover: null,
  firstFrame: null,
  lastFrame: null,
  stream: null,
};
export const MAX_FRAME_LAG = 8;
export const SHIFT_RANGE = { min: 0.1, max: 20, step: 0.1 };

const store = createStore<Draft>(parseDraft(recall(KEY)));
store.subscribe(() => remember(KEY, store.get()));

export const useDraft = store.use;

export function changeDraft(change: Partial<Draft>): void {
  store.set((before) => ({ ...before, ...change }));
}

export function changeSettings(change: Settings): void {
  store.set((before) => ({ ...before, settings: { ...before.settings, ...change } }));
}

/** "Make another like this": everything of a take but its seed. */
export function draftFrom(parameters: TakeParameters, options: { keepSeed: boolean }): void {
  const { prompt, negative_prompt: negativePrompt, model, seed, ...rest } = parameters;
  const settings = settingsSchema.parse(rest);
  const [first, second] = parameters.stages ?? [];
  store.set({
    prompt,
    negativePrompt,
    model,
    seed: options.keepSeed ? seed : null,
    settings,
    handover: first && second && second.model === model ? first : null,
    firstFrame: pictureOf(parameters.first_frame),
    lastFrame: pictureOf(parameters.last_frame),
    stream: null,
  });
}

const pictureOf = (digest: string | null): DraftPicture | null =>
  digest === null ? null : { digest, name: "its picture" };

export function parseDraft(text: string | null): Draft {
  if (text === null) return EMPTY;
  try {
    return draftSchema.parse(JSON.parse(text));
  } catch {
    return EMPTY;
  }
}

/** The settings in force: the model's defaults, overridden by the draft as far as this model can do it. */
export function effectiveSettings(settings: Settings, model: Model): Effective {
  const { limits, defaults } = model;
  const { min, max } = limits.guidance_scale;
  return {
    width:
      settings.width && limits.width.includes(settings.width) ? settings.width : defaults.width,
    height:
      settings.height && limits.height.includes(settings.height)
        ? settings.height
        : defaults.height,
    num_frames: snap(settings.num_frames ?? defaults.num_frames, limits.num_frames),
    fps: snap(settings.fps ?? defaults.fps, limits.fps),
    num_inference_steps: snap(
      settings.num_inference_steps ?? defaults.num_inference_steps,
      limits.num_inference_steps,
    ),
    guidance_scale: Math.min(
      Math.max(settings.guidance_scale ?? defaults.guidance_scale, min),
      max,
    ),
    solver: settings.solver ?? defaults.solver,
    shift: Math.min(Math.max(settings.shift ?? defaults.shift, SHIFT_RANGE.min), SHIFT_RANGE.max),
    frame_lag: Math.min(settings.frame_lag ?? 0, MAX_FRAME_LAG),
  };
}

export function requestFrom(draft: Draft, model: Model): TakeRequest {
  return {
    prompt: draft.prompt.trim(),
    negative_prompt: draft.negativePrompt.trim(),
    model: model.id,
    ...(draft.seed !== null && { seed: draft.seed }),
    ...effectiveSettings(draft.settings, model),
    ...stagesOf(draft, model),
    ...(takesPictures(model) && {
      ...(draft.firstFrame && { first_frame: draft.firstFrame.digest }),
      ...(draft.lastFrame && { last_frame: draft.lastFrame.digest }),
    }),
  };
}

/** Only what a stream can be told; its first clip is as long as the model's clips are by themselves. */
export function streamRequestFrom(draft: Draft, model: Model): StreamRequest {
  const { fps, num_inference_steps, guidance_scale } = effectiveSettings(draft.settings, model);
  const { blocks, frames } = streamOf(draft, model);
  return {
    prompt: draft.prompt.trim(),
    negative_prompt: draft.negativePrompt.trim(),
    model: model.id,
    ...(draft.seed !== null && { seed: draft.seed }),
    fps,
    num_inference_steps,
    guidance_scale,
    max_blocks: blocks,
    block_frames: frames,
  };
}

export const DEFAULT_STREAM = { blocks: 8, frames: 8 };

/** Lengths of a stream's blocks: whole groups of frames, and no longer than a clip. */
export function blockRange({ latents, limits }: Pick<Model, "latents" | "limits">) {
  const group = latents.frames_per_group;
  return { min: group, max: limits.num_frames.max - (limits.num_frames.max % group), step: group };
}

export function streamOf({ stream }: Draft, model: Model): typeof DEFAULT_STREAM {
  const { blocks, frames } = stream ?? DEFAULT_STREAM;
  return { blocks, frames: snap(frames, blockRange(model)) };
}

export const canStream = ({ capabilities }: Model): boolean =>
  capabilities.includes("frame_levels");

export const takesPictures = ({ capabilities }: Model): boolean =>
  capabilities.includes("image_to_video");

/** Steps of the first model that leave at least one for the second. */
export const handoverSteps = ({ steps }: Stage, total: number): number =>
  Math.min(Math.max(1, steps), Math.max(1, total - 1));

function stagesOf({ handover, settings }: Draft, model: Model): Pick<TakeRequest, "stages"> {
  const total = effectiveSettings(settings, model).num_inference_steps;
  if (!handover || handover.model === model.id || total < 2) return {};
  const first = handoverSteps(handover, total);
  return {
    stages: [
      { model: handover.model, steps: first },
      { model: model.id, steps: total - first },
    ],
  };
}

/** The request that would give the same take again. */
export function requestOf(parameters: TakeParameters): TakeRequest {
  const { stages, cache, first_frame, last_frame, ...rest } = parameters;
  return {
    ...rest,
    ...(stages && { stages }),
    ...(cache && { cache }),
    ...(first_frame && { first_frame }),
    ...(last_frame && { last_frame }),
  };
}

/** How many settings differ from the model's defaults. */
export function changedCount(settings: Settings, model: Model): number {
  const now = effectiveSettings(settings, model);
  const plain = effectiveSettings({}, model);
  return (Object.keys(plain) as (keyof Effective)[]).filter((name) => now[name] !== plain[name])
    .length;
}
