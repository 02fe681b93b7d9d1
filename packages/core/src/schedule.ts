import { invariant, type Schedule } from "@arc-fabric/contract";

/**
 * Noise levels of a flow-matching schedule: u runs from 1 to 0 in equal parts and is shifted by
 * s' = s·u / (1 + (s - 1)·u) (Esser et al. 2024, "Scaling Rectified Flow Transformers", eq. 23), written as
 * s·u / (s·u + (1 - u)) so that the ends are exactly 1 and 0 for every shift.
 * @returns `steps + 1` sigmas, the first 1, the last 0
 */
export function flowSigmas(steps: number, shift: number): number[] {
  return Array.from({ length: steps + 1 }, (_, i) => {
    const u = 1 - i / steps;
    return (shift * u) / (shift * u + (1 - u));
  });
}

/**
 * The schedule of a clip whose latent frame t begins `lag · t` steps after the first one (diffusion forcing,
 * Chen et al. 2024, the "pyramid" scheme). Frames that wait stay at 1, frames that are done stay at 0.
 * With lag 0 all frames share one level and `frame_sigmas` is left out.
 */
export function buildSchedule(options: {
  steps: number;
  shift: number;
  latentFrames: number;
  lag: number;
}): Schedule {
  const { steps, shift, latentFrames, lag } = options;
  const sigmas = flowSigmas(steps, shift);
  if (lag === 0 || latentFrames === 1) return { sigmas };
  const totalSteps = steps + lag * (latentFrames - 1);
  const frameSigmas = Array.from({ length: totalSteps + 1 }, (_, k) =>
    Array.from(
      { length: latentFrames },
      (_, t) => sigmas[Math.min(Math.max(k - lag * t, 0), steps)]!,
    ),
  );
  return { sigmas: frameSigmas.map(mean), frame_sigmas: frameSigmas };
}

/** Steps of a schedule: one fewer than its levels. */
export function stepCount(schedule: Schedule): number {
  const steps = schedule.sigmas.length - 1;
  invariant(steps >= 1, "a schedule has at least one step");
  invariant(
    !schedule.frame_sigmas || schedule.frame_sigmas.length === steps + 1,
    "frame levels cover every step",
  );
  return steps;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
