import type { ContextNoise } from "@arc-fabric/contract";
import { copyFrames } from "./copy-frames.ts";
import type { LatentShape } from "./latent-update.ts";
import { drawNoise } from "./noise.ts";

/**
 * Finished frames that the net is shown under their own noise, at the level of those that move: what is made beside them then
 * follows their way instead of what became of them, so their common faults do not end where the new frames begin.
 */
export class NoisedContext {
  /** [C, T, H, W], what the net sees: changed while a step looks, and put back. */
  readonly #latents: Float32Array;
  readonly #shape: LatentShape;
  readonly #frames: readonly number[];
  readonly #clean: Float32Array;
  readonly #noise: Float32Array;

  /** @param runs frames counted as the net sees them */
  constructor(latents: Float32Array, shape: LatentShape, runs: readonly ContextNoise[]) {
    const [channels, frames, height, width] = shape;
    this.#latents = latents;
    this.#shape = shape;
    this.#frames = runs.flatMap(({ frames: [from, to] }) =>
      Array.from({ length: to - from }, (_, i) => from + i),
    );
    this.#clean = latents.slice();
    this.#noise = new Float32Array(latents.length);
    for (const { frames: run, seed, at } of runs) {
      const count = run[1] - run[0];
      const noise = drawNoise(seed, [channels, count, height, width], at);
      const target = { values: this.#noise, frames, at: run[0] };
      copyFrames({ values: noise, frames: count, at: 0 }, target, count, shape);
    }
  }

  /** Puts the frames at this level. @returns the levels of what the net sees then */
  show(sigma: number, levels: readonly number[]): number[] {
    this.#eachValue((i) => {
      this.#latents[i] = (1 - sigma) * this.#clean[i]! + sigma * this.#noise[i]!;
    });
    return levels.map((level, frame) => (this.#frames.includes(frame) ? sigma : level));
  }

  /** Puts back what is finished, bit for bit. */
  hide(): void {
    this.#eachValue((i) => {
      this.#latents[i] = this.#clean[i]!;
    });
  }

  #eachValue(set: (index: number) => void): void {
    const [channels, frames, height, width] = this.#shape;
    const plane = height * width;
    for (let channel = 0; channel < channels; channel++)
      for (const frame of this.#frames) {
        const start = (channel * frames + frame) * plane;
        for (let i = start; i < start + plane; i++) set(i);
      }
  }
}
