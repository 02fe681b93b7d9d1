import {
  isCachedStep,
  isGuidedStep,
  reusesVelocity,
  type DenoiseSegment,
} from "@arc-fabric/contract";
import type { Conditioning } from "./conditioning.ts";
import { DenoiserBatch } from "./denoiser-batch.ts";
import type { FrameWindow } from "./frame-window.ts";
import { updateLatents, type Velocity } from "./latent-update.ts";
import type { LoadedModel } from "./loaded-model.ts";
import { NoisedContext } from "./noised-context.ts";
import { NO_HISTORY, stepCoefficients } from "./solver.ts";
import type { TrajectoryState } from "./state.ts";

/**
 * Moves the window's frames of a clip, step by step. Where the window is the whole clip, the clip's latents are the net's input
 * themselves; otherwise the window's frames are copied to and fro.
 */
export class WindowWalk {
  /** The whole clip's, as they stand: part of the next state. */
  readonly latents: Float32Array;
  readonly #segment: DenoiseSegment;
  readonly #window: FrameWindow;
  readonly #batch: DenoiserBatch;
  readonly #manifest: LoadedModel["manifest"];
  readonly #context: NoisedContext | null;
  readonly #history: TrajectoryState["history"];
  /** The previous data predictions of what the net sees. */
  readonly #seenHistory: Float32Array | null;
  /** This step's expected clean frames, of what the net sees. */
  readonly #clean: Float32Array;
  #velocity: Float32Array | null;

  constructor(
    { denoiser, manifest }: Pick<LoadedModel, "denoiser" | "manifest">,
    segment: DenoiseSegment,
    window: FrameWindow,
    conditioning: Conditioning,
    start: TrajectoryState,
  ) {
    const seen = window.whole ? start.latents : window.see(start.latents);
    this.#segment = segment;
    this.#window = window;
    const scale = segment.guidance_scale / manifest.guidance_built_in;
    this.#batch = new DenoiserBatch(denoiser, seen, window.shape, conditioning, scale);
    this.#manifest = manifest;
    this.latents = window.whole ? this.#batch.latents : start.latents;
    const { context = [] } = segment;
    this.#context =
      context.length > 0
        ? new NoisedContext(this.#batch.latents, window.shape, window.runs(context))
        : null;
    this.#history = start.history;
    this.#seenHistory =
      start.history && (window.whole ? start.history.clean : window.see(start.history.clean));
    this.#clean = new Float32Array(seen.length);
    this.#velocity = start.velocity?.values ?? null;
  }

  /** The net's answer for a step; the last one again where the segment's cache says so. */
  async predict(
    step: number,
    levels: readonly number[],
    nextLevels: readonly number[],
  ): Promise<Velocity> {
    if (this.#velocity && isCachedStep(this.#segment, step))
      return { conditional: this.#velocity, unconditional: null, guidanceScale: 1 };
    const seen = this.#window.levels(levels);
    const moving = levels.find((level, frame) => level !== nextLevels[frame]);
    const guided = isGuidedStep(this.#manifest, levels, nextLevels);
    const velocity = await this.#batch.run(guided, (latents, pass) =>
      this.#context && moving !== undefined
        ? this.#context.show(latents, pass, moving, seen)
        : seen,
    );
    this.#context?.hide(this.#batch.latents);
    this.#velocity = null;
    return velocity;
  }

  /** Moves each frame of the window to its next level. */
  move(velocity: Velocity, levels: readonly number[], nextLevels: readonly number[]): void {
    const before = this.#window.levels(levels);
    const after = this.#window.levels(nextLevels);
    const previous = this.#window.levels([
      ...(this.#history?.sigmas ?? levels.map(() => NO_HISTORY)),
    ]);
    const coefficients = before.map((sigma, frame) =>
      stepCoefficients(this.#segment.solver, sigma, after[frame]!, previous[frame]!),
    );
    updateLatents(
      this.#batch.latents,
      this.#clean,
      this.#seenHistory,
      velocity,
      coefficients,
      this.#window.shape,
    );
    const history = this.#history;
    levels.forEach((sigma, frame) => {
      if (history && nextLevels[frame] !== sigma) history.sigmas[frame] = sigma;
    });
    if (this.#window.whole) return;
    this.#window.write(this.#batch.latents, this.latents);
    if (history && this.#seenHistory) this.#window.write(this.#seenHistory, history.clean);
  }

  /** Takes over latents that were changed from outside after a step. */
  reload(): void {
    if (!this.#window.whole) this.#window.read(this.latents, this.#batch.latents);
  }

  /**
   * The velocity that the state after step `step` has to hold. Whether it does follows from the cache's rule alone and not from where
   * the segment ends: the states of a take and of its fork at this step are equal.
   */
  keptVelocity(step: number, velocity: Velocity): TrajectoryState["velocity"] {
    if (!reusesVelocity(this.#segment.cache, step + 1)) return null;
    this.#velocity ??= withGuidance(velocity);
    return { values: this.#velocity, shape: this.#window.shape };
  }

  /** The clean clip that the last step expects. Outside the window there are finished frames and, as zeros, those that wait. */
  expectedClip(levels: readonly number[]): Float32Array {
    if (this.#window.whole) return this.#clean;
    const expected = new Float32Array(this.latents.length);
    const [channels, , height, width] = this.#window.shape;
    const plane = height * width;
    for (let channel = 0; channel < channels; channel++) {
      levels.forEach((level, frame) => {
        const start = (channel * levels.length + frame) * plane;
        if (level === 0) expected.set(this.latents.subarray(start, start + plane), start);
      });
    }
    this.#window.write(this.#clean, expected);
    return expected;
  }
}

function withGuidance({ conditional, unconditional, guidanceScale }: Velocity): Float32Array {
  if (unconditional === null) return conditional.slice();
  return conditional.map(
    (value, i) => unconditional[i]! + guidanceScale * (value - unconditional[i]!),
  );
}
