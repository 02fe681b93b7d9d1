import {
  FabricError,
  type Model,
  type Plan,
  type Planned,
  type Stage,
  type TakeParameters,
  type TakeRequest,
} from "@arc-fabric/contract";
import { LARGE_MODEL, MOCK_MODEL } from "./model.ts";

/** What a step takes in the estimates; the pump's real pace is set for tests. */
const STEP_SECONDS: Readonly<Record<string, number>> = {
  [MOCK_MODEL.id]: 0.12,
  [LARGE_MODEL.id]: 0.21,
};
const MODELS = [MOCK_MODEL, LARGE_MODEL];

/** A request with every value filled in, refused like the real server refuses. */
export function fillParameters(request: TakeRequest, seed: number): TakeParameters {
  const { priority: _priority, title: _title, ...asked } = request;
  const model = MODELS.find(({ id }) => id === (asked.model ?? MOCK_MODEL.id));
  if (!model) throw new FabricError("model_not_found", `There is no model "${asked.model}".`);
  const { defaults, limits } = model;
  const steps = stepsOf(asked, model);
  const parameters: TakeParameters = {
    negative_prompt: "",
    seed,
    frame_lag: 0,
    reuse: true,
    cache: null,
    first_frame: null,
    last_frame: null,
    ...defaults,
    ...asked,
    num_inference_steps: steps,
    stages: stagesOf(asked, model, steps),
    model: model.id,
  };
  for (const name of ["num_frames", "fps", "num_inference_steps"] as const) {
    const { min, max, step } = limits[name];
    const value = parameters[name];
    if (value < min || value > max || (value - min) % step !== 0)
      throw new FabricError(
        "unsupported_value",
        `${model.name} cannot use ${name} = ${value}; it takes ${min} to ${max} in steps of ${step}.`,
        { details: { field: name, value } },
      );
  }
  const sum = parameters.stages?.reduce((steps, stage) => steps + stage.steps, 0);
  if (sum !== undefined && sum !== parameters.num_inference_steps)
    throw new FabricError(
      "schedule_mismatch",
      `The stages add up to ${sum} steps, not to ${parameters.num_inference_steps}.`,
    );
  return parameters;
}

function stepsOf(
  { num_inference_steps: steps }: TakeRequest,
  { defaults, few_steps }: Model,
): number {
  return (steps === "few" ? few_steps : steps) ?? defaults.num_inference_steps;
}

/** "default" is the model's own hybrid schedule; the last of its models makes what is left. */
function stagesOf({ stages }: TakeRequest, model: Model, total: number): Stage[] | null {
  if (stages !== "default") return stages ?? null;
  let left = total;
  return (model.default_stages ?? []).map(({ model: id, share }, i, all) => {
    const steps = i === all.length - 1 ? left : Math.round(share * total);
    left -= steps;
    return { model: id, steps };
  });
}

export const latentFrames = (numFrames: number): number =>
  1 + Math.ceil((numFrames - 1) / MOCK_MODEL.latents.frames_per_group);

/** @param steps of the plan, where an edit makes only some of the schedule's steps again */
export function planOf(parameters: TakeParameters, steps = parameters.num_inference_steps): Plan {
  const { prompt, negative_prompt, model, shift, num_frames, width, height, fps } = parameters;
  const whole = parameters.num_inference_steps;
  const sigmas = Array.from({ length: steps + 1 }, (_, i) => {
    const u = (steps - i) / whole;
    return (shift * u) / (1 + (shift - 1) * u);
  });
  const frames = latentFrames(num_frames);
  const { channels, height: latentHeight, width: latentWidth } = MOCK_MODEL.latents;
  // What is put together from other takes computes nothing.
  const stages: Stage[] = steps === 0 ? [] : (parameters.stages ?? [{ model, steps }]);
  let from = 0;
  return {
    version: 2,
    weights: Object.fromEntries(MODELS.map(({ id, weights_digest }) => [id, weights_digest])),
    shape: [channels, frames, latentHeight, latentWidth],
    start: { kind: "noise", seed: parameters.seed },
    schedule: { sigmas },
    total_steps: steps,
    segments: [
      { type: "encode", model, prompt, negative_prompt },
      ...stages.map((stage) => ({
        type: "denoise" as const,
        model: stage.model,
        conditioning: 0,
        from,
        to: (from += stage.steps),
        solver: parameters.solver,
        history: "reset" as const,
        guidance_scale: parameters.guidance_scale,
        window: [0, frames] as [number, number],
        keep: null,
        cache: null,
      })),
      {
        type: "decode",
        model,
        pieces: [{ state: null, frames: [0, frames], first: true }],
        num_frames,
        width,
        height,
      },
      { type: "post_process", fps, outputs: ["video", "thumbnail", "spritesheet"] },
    ],
  };
}

export function plannedOf(
  parameters: TakeParameters,
  plan: Plan,
  reused: number,
  kept: number | null = null,
): Planned {
  const steps = plan.total_steps - reused;
  const seconds = plan.segments
    .filter((segment) => segment.type === "denoise")
    .map(
      ({ from, to, model }) =>
        (Math.max(to, reused) - Math.max(from, reused)) * STEP_SECONDS[model]!,
    )
    .reduce((sum, part) => sum + part, 0);
  return {
    parameters,
    plan,
    steps_reused: reused,
    kept_share: kept,
    estimate: {
      steps,
      steps_reused: reused,
      step_seconds: steps === 0 ? 0 : seconds / steps,
      seconds: seconds + 0.3,
    },
  };
}
