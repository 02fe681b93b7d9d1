import type { StepCoefficients } from "./solver.ts";

export type LatentShape = readonly [
  channels: number,
  frames: number,
  height: number,
  width: number,
];

/** The network's answer for one step: `unconditional` is null where guidance needs only one pass. */
export interface Velocity {
  readonly conditional: Float32Array;
  readonly unconditional: Float32Array | null;
  readonly guidanceScale: number;
}

/**
 * Guidance, data prediction and solver update in one pass over the latents [C, T, H, W], in place.
 * @param cleanLatents receives x0, this step's expected clean clip
 * @param previousClean x0 of the step before; where a frame moved it becomes this step's x0. null for solvers without history
 * @param perFrame coefficients of each latent frame
 */
export function updateLatents(
  latents: Float32Array,
  cleanLatents: Float32Array,
  previousClean: Float32Array | null,
  velocity: Velocity,
  perFrame: readonly StepCoefficients[],
  shape: LatentShape,
): void {
  const [channels, frames, height, width] = shape;
  const plane = height * width;
  const { conditional, unconditional, guidanceScale } = velocity;
  for (let channel = 0; channel < channels; channel++) {
    for (let frame = 0; frame < frames; frame++) {
      const { sigma, keep, add, extrapolation } = perFrame[frame]!;
      const start = (channel * frames + frame) * plane;
      const moves = keep !== 1;
      for (let i = start; i < start + plane; i++) {
        let v = conditional[i]!;
        if (unconditional !== null) v = unconditional[i]! + guidanceScale * (v - unconditional[i]!);
        const x = latents[i]!;
        const clean = Math.fround(x - sigma * v);
        cleanLatents[i] = clean;
        if (!moves) continue;
        if (previousClean === null) {
          latents[i] = keep * x + add * clean;
        } else {
          latents[i] = keep * x + add * (clean + extrapolation * (clean - previousClean[i]!));
          previousClean[i] = clean;
        }
      }
    }
  }
}
