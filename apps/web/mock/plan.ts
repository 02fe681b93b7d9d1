import {
  FabricError,
  type Plan,
  type TakeParameters,
  type TakeRequest,
} from "@arc-fabric/contract";
import { MOCK_MODEL } from "./model.ts";

/** A request with every value filled in, refused like the real server refuses. */
export function fillParameters(request: TakeRequest, seed: number): TakeParameters {
  const { defaults, limits, id } = MOCK_MODEL;
  if (request.model !== undefined && request.model !== id)
    throw new FabricError("model_not_found", `There is no model "${request.model}".`);
  const parameters: TakeParameters = {
    negative_prompt: "",
    seed,
    frame_lag: 0,
    ...defaults,
    ...request,
    model: id,
  };
  for (const name of ["num_frames", "fps", "num_inference_steps"] as const) {
    const { min, max, step } = limits[name];
    const value = parameters[name];
    if (value < min || value > max || (value - min) % step !== 0)
      throw new FabricError(
        "unsupported_value",
        `${MOCK_MODEL.name} cannot use ${name} = ${value}; it takes ${min} to ${max} in steps of ${step}.`,
        { details: { field: name, value } },
      );
  }
  return parameters;
}

export function planOf(parameters: TakeParameters): Plan {
  const {
    prompt,
    negative_prompt,
    model,
    num_inference_steps: steps,
    shift,
    num_frames,
    width,
    height,
    fps,
    solver,
    guidance_scale,
    seed,
  } = parameters;
  const sigmas = Array.from({ length: steps + 1 }, (_, i) => {
    const u = 1 - i / steps;
    return (shift * u) / (1 + (shift - 1) * u);
  });
  return {
    version: 1,
    weights_digest: MOCK_MODEL.weights_digest,
    total_steps: steps,
    segments: [
      { type: "encode", model, prompt, negative_prompt },
      {
        type: "denoise",
        model,
        from: 0,
        to: steps,
        schedule: { sigmas },
        solver,
        guidance_scale,
        seed,
        shape: [24, 1 + (num_frames - 1) / 4, 16, 16],
      },
      { type: "decode", model, num_frames, width, height },
      { type: "post_process", fps, outputs: ["video", "thumbnail", "spritesheet"] },
    ],
  };
}

export function sigmasOf(plan: Plan): readonly number[] {
  const denoise = plan.segments.find((segment) => segment.type === "denoise");
  return denoise?.type === "denoise" ? denoise.schedule.sigmas : [1, 0];
}
