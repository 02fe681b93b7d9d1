import {
  FabricError,
  type Manifest,
  manifestSchema,
  planSchema,
  type Take,
  type TakeId,
  type TakeRequest,
} from "@arc-fabric/contract";
import { planGenerate } from "../../src/plan/plan-generate.ts";
import type { DerivedPlan } from "../../src/plan/plan-fork.ts";
import type { ModelBook } from "../../src/plan/plan-parts.ts";
import { fillParameters } from "../../src/plan/take-parameters.ts";

export const manifest: Manifest = manifestSchema.parse({
  id: "tiny",
  name: "Tiny",
  family: "zoetrope",
  runtime: "onnx",
  latent_space: "tiny-v1",
  version: "1",
  description: "",
  licence: "Apache-2.0",
  capabilities: ["text_to_video", "image_to_video", "frame_levels"],
  latents: { channels: 16, height: 16, width: 16, frames_per_group: 4 },
  limits: {
    width: [128],
    height: [128],
    num_frames: { min: 5, max: 17, step: 4 },
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
    guidance_scale: 4,
    solver: "euler",
    shift: 1,
  },
  memory_bytes: 1,
  files: [{ path: "denoiser.onnx", role: "denoiser", bytes: 1, sha256: "0".repeat(64) }],
});

const manifests = [
  manifest,
  { ...manifest, id: "tiny-2", name: "Tiny 2" },
  { ...manifest, id: "other", name: "Other", latent_space: "other-v1" },
  {
    ...manifest,
    id: "short",
    name: "Short",
    limits: { ...manifest.limits, num_frames: { min: 5, max: 9, step: 4 } },
  },
  {
    ...manifest,
    id: "wide",
    name: "Wide",
    limits: { ...manifest.limits, num_frames: { min: 5, max: 49, step: 4 } },
  },
  {
    ...manifest,
    id: "finer",
    name: "Finer",
    version: "2",
    latents: { ...manifest.latents, channels: 24 },
  },
  { ...manifest, id: "plain", name: "Plain", capabilities: ["text_to_video" as const] },
];

export const models: ModelBook = {
  manifest(id) {
    const found = manifests.find((candidate) => candidate.id === id);
    if (!found) throw new FabricError("model_not_found", `There is no model ${id}.`);
    return found;
  },
  weightsDigest: (id) => `weights of ${id}`,
};

/** A digest that tells what it stands for. */
export const digest = (name: string): string =>
  Buffer.from(name).toString("hex").padEnd(64, "0").slice(0, 64);

/** A completed take of this request. */
export function completedTake(
  request: Partial<TakeRequest> = {},
  id = "take_00000000000000000000000001" as TakeId,
): Take {
  const full = { prompt: "a ball", seed: 1, model: "tiny", ...request };
  const parameters = fillParameters(full, models.manifest(full.model), 0);
  const plan = planGenerate(parameters, { first: null, last: null }, models);
  return takeOf({ parameters, plan, inheritedSteps: 0 }, id);
}

/** A completed take with this plan. */
export function takeOf({ parameters, plan }: DerivedPlan, id: TakeId): Take {
  return {
    id,
    status: "completed",
    model: parameters.model,
    parameters,
    plan: planSchema.parse(plan),
  } as Take;
}

/** The code and the field of the error that `act` throws. */
export function refusal(
  act: () => unknown,
): { code: string; field: unknown; message: string } | null {
  try {
    act();
    return null;
  } catch (error) {
    if (!(error instanceof FabricError)) throw error;
    return { code: error.code, field: error.details["field"], message: error.message };
  }
}
