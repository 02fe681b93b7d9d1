import { modelSchema } from "@arc-fabric/contract";

/** Looks like the embedded model. */
export const MOCK_MODEL = modelSchema.parse({
  id: "zoetrope-s",
  name: "Zoetrope S",
  family: "zoetrope",
  runtime: "onnx",
  latent_space: "zoetrope-v2",
  version: "0.2.0",
  description:
    "A small latent video diffusion model trained from scratch on drawn scenes: one or two coloured shapes that move over simple landscapes. Runs on a CPU.",
  licence: "Apache-2.0",
  capabilities: ["text_to_video", "image_to_video", "frame_levels"],
  latents: { channels: 16, height: 16, width: 16, frames_per_group: 4 },
  limits: {
    width: [128],
    height: [128],
    num_frames: { min: 5, max: 49, step: 4 },
    fps: { min: 1, max: 30 },
    num_inference_steps: { min: 1, max: 100 },
    guidance_scale: { min: 0, max: 15 },
    prompt_chars: 2000,
  },
  defaults: {
    width: 128,
    height: 128,
    num_frames: 17,
    fps: 8,
    num_inference_steps: 20,
    guidance_scale: 3,
    solver: "euler",
    shift: 2,
  },
  guidance_built_in: 1,
  guidance_until: 0,
  few_steps: 4,
  memory_bytes: 300_000_000,
  vocabulary: {
    shapes: ["ball", "square", "star"],
    colours: ["red", "orange", "yellow", "green", "blue", "purple", "pink", "white"],
    sizes: ["small", "medium", "large"],
    motions: ["moves right", "rises", "bounces", "circles around"],
    backgrounds: [
      "on a green meadow",
      "over the blue sea",
      "in the desert",
      "at night",
      "as day turns to night",
    ],
  },
  examples: [
    "a red ball bounces on a green meadow",
    "a large yellow star rises at night",
    "a blue square moves right over the blue sea",
    "a purple ball circles around in the desert",
  ],
  status: "cold",
  weights_digest: "0".repeat(64),
  is_default: true,
});

/** The larger size of the same family, so that there is somebody to hand over to; its hybrid schedule begins with the small one. */
export const LARGE_MODEL = modelSchema.parse({
  ...MOCK_MODEL,
  id: "zoetrope-m",
  name: "Zoetrope M",
  description:
    "The larger Zoetrope: a small latent video diffusion model trained from scratch on drawn scenes: one or two coloured shapes that move over simple landscapes. Runs on a CPU.",
  default_stages: [
    { model: "zoetrope-s", share: 0.5 },
    { model: "zoetrope-m", share: 0.5 },
  ],
  memory_bytes: 420_000_000,
  weights_digest: "1".repeat(64),
  is_default: false,
});

/** Words that are neither vocabulary nor grammar. */
export function unknownWords(prompt: string): string[] {
  const known = new Set(
    Object.values(MOCK_MODEL.vocabulary)
      .flat()
      .flatMap((phrase) => phrase.split(" ")),
  );
  const grammar = new Set([
    "a",
    "an",
    "the",
    "on",
    "in",
    "at",
    "over",
    "and",
    "of",
    "with",
    "around",
    "still",
  ]);
  const words =
    prompt
      .toLowerCase()
      .replace(/\b(fail|break):\w+|\bslow\b/g, " ")
      .match(/[a-z]+/g) ?? [];
  return [...new Set(words)].filter((word) => !known.has(word) && !grammar.has(word));
}
