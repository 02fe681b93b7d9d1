import {
  FabricError,
  type Manifest,
  type Stage,
  type TakeParameters,
  type TakeRequest,
} from "@arc-fabric/contract";

/**
 * The request with every value filled in from the model's defaults.
 * @param randomSeed used when the request has no seed, so that the clip can be made again
 * @throws FabricError `unsupported_value` naming the field and what the model can do
 */
export function fillParameters(
  request: TakeRequest,
  manifest: Manifest,
  randomSeed: number,
): TakeParameters {
  const { defaults } = manifest;
  const steps = stepsOf(request, manifest);
  const parameters: TakeParameters = {
    prompt: request.prompt,
    negative_prompt: request.negative_prompt ?? "",
    model: manifest.id,
    seed: request.seed ?? randomSeed,
    width: request.width ?? defaults.width,
    height: request.height ?? defaults.height,
    num_frames: request.num_frames ?? defaults.num_frames,
    fps: request.fps ?? defaults.fps,
    num_inference_steps: steps,
    guidance_scale: request.guidance_scale ?? defaults.guidance_scale,
    solver: request.solver ?? defaults.solver,
    shift: request.shift ?? defaults.shift,
    frame_lag: request.frame_lag ?? 0,
    stages:
      request.stages === "default" ? defaultStages(manifest, steps) : (request.stages ?? null),
    cache: request.cache ?? null,
    first_frame: request.first_frame ?? null,
    last_frame: request.last_frame ?? null,
    reuse: request.reuse ?? true,
  };
  checkLimits(parameters, manifest);
  return parameters;
}

function stepsOf({ num_inference_steps: steps }: TakeRequest, manifest: Manifest): number {
  if (steps !== "few") return steps ?? manifest.defaults.num_inference_steps;
  return (
    manifest.few_steps ??
    refuse(manifest, "num_inference_steps", steps, "a number: it has no quick schedule of its own")
  );
}

/** The shares of the model's own hybrid schedule in whole steps, at least one each. */
function defaultStages(manifest: Manifest, steps: number): Stage[] {
  const { default_stages: shares } = manifest;
  if (!shares) refuse(manifest, "stages", "default", "stages by name: it has none of its own");
  if (steps < shares.length)
    refuse(manifest, "num_inference_steps", steps, `${shares.length} or more for its stages`);
  let [from, share] = [0, 0];
  return shares.map((stage, i) => {
    share += stage.share;
    const left = shares.length - 1 - i;
    const to = Math.min(Math.max(Math.round(share * steps), from + 1), steps - left);
    const stageSteps = to - from;
    from = to;
    return { model: stage.model, steps: stageSteps };
  });
}

function checkLimits(parameters: TakeParameters, manifest: Manifest): void {
  const { limits } = manifest;
  checkPrompts(parameters, manifest);
  for (const field of ["width", "height"] as const) {
    const allowed = limits[field];
    if (!allowed.includes(parameters[field]))
      refuse(
        manifest,
        field,
        parameters[field],
        `${allowed.length > 1 ? "one of " : ""}${allowed.join(", ")}`,
        { allowed },
      );
  }
  for (const field of ["num_frames", "fps", "num_inference_steps"] as const) {
    const { min, max, step } = limits[field];
    const value = parameters[field];
    if (value < min || value > max || (value - min) % step !== 0) {
      const law =
        step === 1
          ? `${min} to ${max}`
          : `${min}, ${min + step}, … ${max} (${min} plus a multiple of ${step})`;
      refuse(manifest, field, value, law, {
        min,
        max,
        step,
        nearest: nearestInRange(value, limits[field]),
      });
    }
  }
}

/**
 * What any take may change: texts and guidance inside the model's limits.
 * @throws FabricError `unsupported_value`
 */
export function checkPrompts(
  parameters: Pick<TakeParameters, "prompt" | "negative_prompt" | "guidance_scale">,
  manifest: Manifest,
): void {
  const { limits } = manifest;
  const { min, max } = limits.guidance_scale;
  if (parameters.guidance_scale < min || parameters.guidance_scale > max)
    refuse(manifest, "guidance_scale", parameters.guidance_scale, `${min} to ${max}`, { min, max });
  for (const field of ["prompt", "negative_prompt"] as const) {
    const { length } = parameters[field];
    if (length > limits.prompt_chars)
      refuse(manifest, field, `${length} characters`, `at most ${limits.prompt_chars} characters`, {
        max: limits.prompt_chars,
      });
  }
}

/**
 * Steps of one schedule, also where they are asked for beside a parent's.
 * @throws FabricError `unsupported_value`
 */
export function checkSteps(steps: number, manifest: Manifest): void {
  const { min, max } = manifest.limits.num_inference_steps;
  if (steps < min || steps > max)
    refuse(manifest, "num_inference_steps", steps, `${min} to ${max}`, { min, max });
}

/** The value of an integer range closest to `value`. */
export function nearestInRange(
  value: number,
  range: { min: number; max: number; step: number },
): number {
  const steps = Math.round(
    (Math.min(Math.max(value, range.min), range.max) - range.min) / range.step,
  );
  return range.min + Math.min(steps, Math.floor((range.max - range.min) / range.step)) * range.step;
}

function refuse(
  manifest: Manifest,
  field: string,
  value: unknown,
  law: string,
  details: Record<string, unknown> = {},
): never {
  throw new FabricError(
    "unsupported_value",
    `${manifest.name} cannot use ${field} = ${String(value)}; it takes ${law}.`,
    {
      details: { field, value, ...details },
    },
  );
}
