import type { ContextNoise } from "@arc-fabric/contract";
import { copyFrames } from "./copy-frames.ts";
import type { LatentShape } from "./latent-update.ts";
import { drawNoise } from "./noise.ts";

/**
 * Finished frames that the net is shown under some of their own noise: what is made beside them then follows their way, and not only
 * what became of them, so their common faults do not end where the new frames begin.
 */
export class NoisedContext {
  /** [C, T, H, W], what the net sees: changed while a step looks, and put back. */
  readonly #latents: Float32Array;
  readonly #shape: LatentShape;
  /** Frames, and at which share of the level each is seen. */
  readonly #shares: ReadonlyMap<number, number>;
  readonly #clean: Float32Array;
  readonly #noise: Float32Array;

  /** @param runs frames counted as the net sees them */
  constructor(latents: Float32Array, shape: LatentShape, runs: readonly ContextNoise[]) {
    const [channels, frames, height, width] = shape;
    this.#latents = latents;
    this.#shape = shape;
    this.#shares = new Map(
      runs.flatMap(({ frames: [from, to], share }) =>
        Array.from({ length: to - from }, (_, i) => [from + i, share] as const),
      ),
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

  /** @param moving level of the frames that move. @returns the levels of what the net sees then */
  show(moving: number, levels: readonly number[]): number[] {
    this.#eachValue((i, share) => {
      const sigma = share * moving;
      this.#latents[i] = (1 - sigma) * this.#clean[i]! + sigma * this.#noise[i]!;
    });
    return levels.map((level, frame) => {
      const share = this.#shares.get(frame);
      return share === undefined ? level : share * moving;
    });
  }

  /** Puts back what is finished, bit for bit. */
  hide(): void {
    this.#eachValue((i) => {
      this.#latents[i] = this.#clean[i]!;
    });
  }

  #eachValue(set: (index: number, share: number) => void): void {
    const [channels, frames, height, width] = this.#shape;
    const plane = height * width;
    for (let channel = 0; channel < channels; channel++)
      for (const [frame, share] of this.#shares) {
        const start = (channel * frames + frame) * plane;
        for (let i = start; i < start + plane; i++) set(i, share);
      }
  }
}
