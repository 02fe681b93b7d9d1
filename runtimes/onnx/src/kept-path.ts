import { FabricError, type Keep, type NamedParts } from "@arc-fabric/contract";
import type { LatentShape } from "./latent-update.ts";
import type { LoadedModel } from "./loaded-model.ts";
import { blendKept, readMask, type Mask } from "./mask.ts";
import { drawNoise } from "./noise.ts";
import { requirePart } from "./require-part.ts";
import { requireClip } from "./start.ts";
import { readClip } from "./state.ts";
import { straightLine } from "./straight-line.ts";

export interface KeptPathDeps {
  readonly model: LoadedModel;
  readonly shape: LatentShape;
  /** First step of the segment, and how many steps the whole plan has. */
  readonly segmentFrom: number;
  readonly totalSteps: number;
  /** The schedule's last row, at which the kept clip stands. */
  readonly finalLevels: readonly number[];
  /** The blobs that `keep` names, less its states. */
  readonly blobs: NamedParts;
  /** The stored state after so many steps; waits until it is there. */
  keptState(step: number): Promise<Uint8Array>;
}

/**
 * The trajectory of what an edit keeps. After each step it takes the place of what the solver made outside the mask.
 *
 * The solver's history is left as the step made it, also in kept cells: it is the net's own prediction for the latents that stood there, all of
 * which are in the states. Under mask 0 nothing reads it as long as the cell is kept, and under a mask of ones nothing differs
 * from a run without one.
 */
export class KeptPath {
  readonly #keep: Keep;
  readonly #deps: KeptPathDeps;
  readonly #mask: Mask;
  readonly #clean: Float32Array;
  #noise: Float32Array | null = null;

  /** @throws FabricError `invalid_mask`, `invalid_request`, `latent_space_mismatch`, `state_corrupt`, `worker_protocol` */
  constructor(keep: Keep, deps: KeptPathDeps) {
    const { shape, blobs, model, finalLevels } = deps;
    this.#keep = keep;
    this.#deps = deps;
    this.#mask = readMask(requirePart(blobs, keep.mask), shape);
    const clean = readClip(requirePart(blobs, keep.clean), model.manifest);
    requireClip(clean, keep.clean, shape, finalLevels);
    this.#clean = clean.latents;
  }

  /**
   * Blends the kept clip into the latents after a step.
   * @param step the step just computed, counted from 0
   */
  async blend(
    latents: Float32Array,
    step: number,
    levels: readonly number[],
    nextLevels: readonly number[],
  ): Promise<void> {
    const last = step === this.#deps.totalSteps - 1;
    const kept = last ? this.#clean : await this.#after(step, nextLevels);
    // A frame that did not move was blended when it did; a soft border blended twice would drift towards the kept clip.
    blendKept(latents, kept, this.#mask, this.#deps.shape, (frame) => {
      if (levels[frame] !== nextLevels[frame]) return "mask";
      return last ? "zeros" : "nothing";
    });
  }

  /** Shows what is kept in the clean clip that a step from `levels` expects. Finished frames are blended already. */
  show(expected: Float32Array, levels: readonly number[]): void {
    blendKept(expected, this.#clean, this.#mask, this.#deps.shape, (frame) =>
      levels[frame] === 0 ? "zeros" : "mask",
    );
  }

  async #after(step: number, levels: readonly number[]): Promise<Float32Array> {
    const { shape, model, segmentFrom, keptState } = this.#deps;
    const digest = this.#keep.states[step - segmentFrom];
    if (digest === undefined)
      throw new FabricError(
        "invalid_request",
        `The segment's kept states end before step ${step}; each of its steps has one, or null.`,
      );
    if (digest === null) {
      this.#noise ??= drawNoise(this.#keep.seed, shape);
      return straightLine(this.#clean, this.#noise, levels, shape);
    }
    const stored = readClip(await keptState(step + 1), model.manifest);
    requireClip(stored, `The kept state after step ${step + 1}`, shape, levels);
    return stored.latents;
  }
}
