import type { DenoiseSegment, Manifest, Plan, TakeParameters } from "@arc-fabric/contract";
import { invariant } from "@arc-fabric/contract";
import { buildSchedule, stepCount } from "./schedule.ts";

/** The plan of a take: derived purely from its parameters and the model's manifest. */
export function planTake(
  parameters: TakeParameters,
  manifest: Manifest,
  weightsDigest: string,
): Plan {
  const shape = latentShape(parameters, manifest);
  const schedule = buildSchedule({
    steps: parameters.num_inference_steps,
    shift: parameters.shift,
    latentFrames: shape[1],
    lag: parameters.frame_lag,
  });
  const totalSteps = stepCount(schedule);
  return {
    version: 1,
    weights_digest: weightsDigest,
    total_steps: totalSteps,
    segments: [
      {
        type: "encode",
        model: manifest.id,
        prompt: parameters.prompt,
        negative_prompt: parameters.negative_prompt,
      },
      {
        type: "denoise",
        model: manifest.id,
        from: 0,
        to: totalSteps,
        schedule,
        solver: parameters.solver,
        guidance_scale: parameters.guidance_scale,
        seed: parameters.seed,
        shape,
      },
      {
        type: "decode",
        model: manifest.id,
        num_frames: parameters.num_frames,
        width: parameters.width,
        height: parameters.height,
      },
      { type: "post_process", fps: parameters.fps, outputs: ["video", "thumbnail", "spritesheet"] },
    ],
  };
}

/** [channels, latent frames, height, width]: one latent frame for the first frame, then one per group of frames. */
export function latentShape(
  parameters: TakeParameters,
  manifest: Manifest,
): DenoiseSegment["shape"] {
  const { channels, height, width, frames_per_group: framesPerGroup } = manifest.latents;
  const groups = (parameters.num_frames - 1) / framesPerGroup;
  invariant(
    Number.isInteger(groups),
    "the manifest's frame step is a multiple of its frames per group",
  );
  return [
    channels,
    1 + groups,
    (height * parameters.height) / manifest.defaults.height,
    (width * parameters.width) / manifest.defaults.width,
  ];
}

/** The one segment of a type in a plan. */
export function segmentOf<Type extends Plan["segments"][number]["type"]>(plan: Plan, type: Type) {
  const segment = plan.segments.find((candidate) => candidate.type === type);
  invariant(segment, `the plan has a ${type} segment`);
  return segment as Extract<Plan["segments"][number], { type: Type }>;
}
