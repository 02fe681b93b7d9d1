import type { ContextNoise } from "@arc-fabric/contract";
import { copyFrames } from "./copy-frames.ts";
import type { LatentShape } from "./latent-update.ts";
import { drawNoise } from "./noise.ts";
import { straightLine } from "./straight-line.ts";

/** Finished frames that follow one another in what the net sees, from `at` on. */
interface Run {
  readonly at: number;
  readonly share: number;
  readonly shape: LatentShape;
  readonly clean: Float32Array;
  readonly noise: Float32Array;
}

/**
 * Finished frames that the net is shown under some of their own noise: what is made beside them then follows their way, and not only
 * what became of them, so their common faults do not end where the new frames begin.
 */
export class NoisedContext {
  /** [C, T, H, W], what the net sees: changed while a step looks, and put back. */
  readonly #latents: Float32Array;
  readonly #frames: number;
  readonly #runs: readonly Run[];

  /** @param runs frames counted as the net sees them */
  constructor(
    latents: Float32Array,
    [channels, frames, height, width]: LatentShape,
    runs: readonly ContextNoise[],
  ) {
    this.#latents = latents;
    this.#frames = frames;
    this.#runs = runs.map(({ frames: [from, to], seed, at, share }) => {
      const shape = [channels, to - from, height, width] as const;
      const noise = drawNoise(seed, shape, at);
      const clean = new Float32Array(noise.length);
      const seen = { values: latents, frames, at: from };
      copyFrames(seen, { values: clean, frames: shape[1], at: 0 }, shape[1], shape);
      return { at: from, share, shape, clean, noise };
    });
  }

  /** @param moving level of the frames that move. @returns the levels of what the net sees then */
  show(moving: number, levels: readonly number[]): number[] {
    const shown = [...levels];
    for (const run of this.#runs) {
      const own = new Array<number>(run.shape[1]).fill(run.share * moving);
      shown.splice(run.at, own.length, ...own);
      this.#put(run, straightLine(run.clean, run.noise, own, run.shape));
    }
    return shown;
  }

  /** Puts back what is finished, bit for bit. */
  hide(): void {
    for (const run of this.#runs) this.#put(run, run.clean);
  }

  #put({ at, shape }: Run, values: Float32Array): void {
    const target = { values: this.#latents, frames: this.#frames, at };
    copyFrames({ values, frames: shape[1], at: 0 }, target, shape[1], shape);
  }
}
