import { invariant, type Plan, type Schedule } from "@arc-fabric/contract";

/** Noise levels of the latent frames before one step. */
export type Levels = readonly number[];

/**
 * Noise levels of a flow-matching schedule: u runs from 1 to 0 in equal parts and is shifted by
 * s' = s·u / (1 + (s - 1)·u) (Esser et al. 2024, "Scaling Rectified Flow Transformers", eq. 23), written as
 * s·u / (s·u + (1 - u)) so that the ends are exactly 1 and 0 for every shift.
 * @returns `steps + 1` sigmas, the first 1, the last 0
 */
export function flowSigmas(steps: number, shift: number): number[] {
  return flowTail(1, steps, shift);
}

/** The same from any level on: `steps + 1` sigmas from `sigma` to 0, equally far apart before the shift. */
export function flowTail(sigma: number, steps: number, shift: number): number[] {
  const from = sigma === 1 ? 1 : sigma / (sigma + shift * (1 - sigma));
  const tail = Array.from({ length: steps + 1 }, (_, i) => {
    const u = from * (1 - i / steps);
    return (shift * u) / (shift * u + (1 - u));
  });
  tail[0] = sigma;
  return tail;
}

/**
 * The rows of a clip whose latent frame t begins `lag · t` steps after the first one (diffusion forcing,
 * Chen et al. 2024, the "pyramid" scheme). Frames that wait stay at 1, frames that are done stay at 0.
 */
export function laggedRows(sigmas: Levels, latentFrames: number, lag: number): Levels[] {
  const steps = sigmas.length - 1;
  return Array.from({ length: steps + lag * (latentFrames - 1) + 1 }, (_, k) =>
    Array.from(
      { length: latentFrames },
      (_, t) => sigmas[Math.min(Math.max(k - lag * t, 0), steps)]!,
    ),
  );
}

/** A schedule from one row of levels per boundary of a step; `frame_sigmas` only where the frames differ. */
export function scheduleOf(rows: readonly Levels[]): Schedule {
  const shared = rows.every((row) => row.every((level) => level === row[0]));
  if (shared) return { sigmas: rows.map((row) => row[0]!) };
  return { sigmas: rows.map(mean), frame_sigmas: rows.map((row) => [...row]) };
}

/** The rows of a plan's schedule: levels of every latent frame before step 0, 1, … and after the last. */
export function rowsOf({ schedule, shape }: Pick<Plan, "schedule" | "shape">): Levels[] {
  const { sigmas, frame_sigmas: frameSigmas } = schedule;
  invariant(
    !frameSigmas || frameSigmas.length === sigmas.length,
    "frame levels cover every step's boundary",
  );
  return frameSigmas ?? sigmas.map((sigma) => new Array<number>(shape[1]).fill(sigma));
}

function mean(values: Levels): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
