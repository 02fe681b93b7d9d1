import type { ContextNoise } from "@arc-fabric/contract";
import { copyFrames } from "./copy-frames.ts";
import type { LatentShape } from "./latent-update.ts";
import { drawNoise } from "./noise.ts";
import { straightLine } from "./straight-line.ts";

/** The net's answer to the prompt, and that to the negative one. */
export type Pass = "prompt" | "negative";

/** Finished frames that follow one another in what the net sees, from `at` on. */
interface Run {
  readonly at: number;
  readonly share: Readonly<Record<Pass, number>>;
  readonly shape: LatentShape;
  readonly clean: Float32Array;
  readonly noise: Float32Array;
}

/**
 * Finished frames that the net is shown under some of their own noise: what is made beside them then follows their way, and not only
 * what became of them, so their common faults do not end where the new frames begin.
 */
export class NoisedContext {
  readonly #frames: number;
  readonly #runs: readonly Run[];

  /**
   * @param latents [C, T, H, W], what the net sees
   * @param runs frames counted as the net sees them
   */
  constructor(
    latents: Float32Array,
    [channels, frames, height, width]: LatentShape,
    runs: readonly ContextNoise[],
  ) {
    this.#frames = frames;
    this.#runs = runs.map(({ frames: [from, to], seed, at, share, negative_share }) => {
      const shape = [channels, to - from, height, width] as const;
      const noise = drawNoise(seed, shape, at);
      const clean = new Float32Array(noise.length);
      const seen = { values: latents, frames, at: from };
      copyFrames(seen, { values: clean, frames: shape[1], at: 0 }, shape[1], shape);
      const shares = { prompt: share, negative: negative_share ?? share };
      return { at: from, share: shares, shape, clean, noise };
    });
  }

  /**
   * @param latents what the pass sees: changed
   * @param moving level of the frames that move
   * @returns the levels of what the net sees then
   */
  show(
    latents: Float32Array,
    pass: Pass,
    moving: number,
    levels: readonly number[],
  ): readonly number[] {
    const shown = [...levels];
    for (const run of this.#runs) {
      const own = new Array<number>(run.shape[1]).fill(run.share[pass] * moving);
      shown.splice(run.at, own.length, ...own);
      this.#put(latents, run, straightLine(run.clean, run.noise, own, run.shape));
    }
    return shown;
  }

  /** Puts back what is finished, bit for bit. */
  hide(latents: Float32Array): void {
    for (const run of this.#runs) this.#put(latents, run, run.clean);
  }

  #put(latents: Float32Array, { at, shape }: Run, values: Float32Array): void {
    const target = { values: latents, frames: this.#frames, at };
    copyFrames({ values, frames: shape[1], at: 0 }, target, shape[1], shape);
  }
}
