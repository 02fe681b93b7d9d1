import type { LatentShape } from "./latent-update.ts";

/**
 * The point (1 - sigma)·clean + sigma·noise of each latent frame at its level, in a new array. Levels 0 and 1 are copies:
 * multiplying by 0 and adding would lose the sign of a zero.
 */
export function straightLine(
  clean: Float32Array,
  noise: Float32Array,
  levels: readonly number[],
  [channels, frames, height, width]: LatentShape,
): Float32Array {
  const plane = height * width;
  const clip = new Float32Array(clean.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let frame = 0; frame < frames; frame++) {
      const start = (channel * frames + frame) * plane;
      const end = start + plane;
      const sigma = levels[frame]!;
      if (sigma === 0) clip.set(clean.subarray(start, end), start);
      else if (sigma === 1) clip.set(noise.subarray(start, end), start);
      else for (let i = start; i < end; i++) clip[i] = (1 - sigma) * clean[i]! + sigma * noise[i]!;
    }
  }
  return clip;
}
