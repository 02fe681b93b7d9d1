import type { ContextNoise } from "@arc-fabric/contract";
import { copyFrames } from "./copy-frames.ts";
import type { LatentShape } from "./latent-update.ts";
import { drawNoise } from "./noise.ts";

/** Any constant: the absent frame is the same in every clip. */
const ABSENT_SEED = 0x5eed;
const ABSENT_LEVEL = 1;

/**
 * The latent frames [from, to) of a clip that the net sees. Its first position stands for a single frame of the clip, so a window
 * that begins later is shown behind an absent first frame: pure noise at level 1, which says nothing and never moves.
 */
export class FrameWindow {
  /** Shape of what the net sees. */
  readonly shape: LatentShape;
  /** The window is the whole clip: what the net sees is the clip itself. */
  readonly whole: boolean;
  readonly #clip: LatentShape;
  readonly #from: number;
  readonly #to: number;
  readonly #absent: number;

  constructor(clip: LatentShape, [from, to]: readonly [number, number]) {
    const [channels, frames, height, width] = clip;
    this.#clip = clip;
    this.#from = from;
    this.#to = to;
    this.#absent = from > 0 ? 1 : 0;
    this.shape = [channels, to - from + this.#absent, height, width];
    this.whole = from === 0 && to === frames;
  }

  /** What the net sees of latents that begin like these. */
  see(clip: Float32Array): Float32Array {
    const [channels, frames, height, width] = this.shape;
    const seen = new Float32Array(channels * frames * height * width);
    if (this.#absent)
      copyFrames(
        { values: drawNoise(ABSENT_SEED, [channels, 1, height, width]), frames: 1, at: 0 },
        { values: seen, frames, at: 0 },
        1,
        this.shape,
      );
    this.read(clip, seen);
    return seen;
  }

  /** Copies the window's frames out of the clip. */
  read(clip: Float32Array, seen: Float32Array): void {
    copyFrames(this.#ofClip(clip), this.#ofSeen(seen), this.#to - this.#from, this.shape);
  }

  /** Copies the window's frames into the clip. */
  write(seen: Float32Array, clip: Float32Array): void {
    copyFrames(this.#ofSeen(seen), this.#ofClip(clip), this.#to - this.#from, this.shape);
  }

  /** The window's part of per-frame values, with the absent frame's in front. */
  levels(clip: readonly number[]): number[] {
    const levels = clip.slice(this.#from, this.#to);
    return this.#absent ? [ABSENT_LEVEL, ...levels] : levels;
  }

  /** Runs of frames, counted as the net sees them. */
  runs(clip: readonly ContextNoise[]): ContextNoise[] {
    const shift = this.#absent - this.#from;
    return clip.map(({ frames: [from, to], ...noise }) => ({
      ...noise,
      frames: [from + shift, to + shift],
    }));
  }

  #ofClip(values: Float32Array) {
    return { values, frames: this.#clip[1], at: this.#from };
  }

  #ofSeen(values: Float32Array) {
    return { values, frames: this.shape[1], at: this.#absent };
  }
}
