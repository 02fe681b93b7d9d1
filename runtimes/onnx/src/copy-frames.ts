import type { LatentShape } from "./latent-update.ts";

/** Some frames of a clip [C, T, H, W]. */
export interface FrameRun {
  readonly values: Float32Array;
  /** T of `values`. */
  readonly frames: number;
  readonly at: number;
}

/** Copies `count` latent frames from one clip to another of the same channels, height and width. */
export function copyFrames(
  from: FrameRun,
  to: FrameRun,
  count: number,
  [channels, , height, width]: LatentShape,
): void {
  const plane = height * width;
  for (let channel = 0; channel < channels; channel++) {
    const start = (channel * from.frames + from.at) * plane;
    to.values.set(
      from.values.subarray(start, start + count * plane),
      (channel * to.frames + to.at) * plane,
    );
  }
}
