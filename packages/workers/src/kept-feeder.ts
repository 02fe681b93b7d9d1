import type { NamedParts } from "@arc-fabric/contract";
import type { DenoiseRequest } from "@arc-fabric/core";

/** States of the kept trajectory that lie at the worker before their step begins: reading them must not hold it up, nor fill its memory. */
const AHEAD = 2;

/** Sends something that belongs to the running request. */
export type Supply = (body: { type: "kept"; step: number }, parts: NamedParts) => void;

/**
 * Reads the kept states of a denoise request and sends each a little before its step. Every digest that `keep.states` names is sent,
 * except that of the plan's last step, after which the clean latents count.
 */
export class KeptFeeder {
  readonly #readBlob: DenoiseRequest["readBlob"];
  readonly #waiting: { step: number; digest: string }[];
  readonly #onFailure: (error: unknown) => void;
  #supply: Supply | null = null;
  #sending: Promise<void> = Promise.resolve();

  /** @param onFailure a blob could not be read; nothing more is sent */
  constructor(
    { segment, schedule, from, readBlob }: DenoiseRequest,
    onFailure: (error: unknown) => void,
  ) {
    const lastStep = schedule.sigmas.length - 1;
    this.#readBlob = readBlob;
    this.#onFailure = onFailure;
    this.#waiting = (segment.keep?.states ?? [])
      .map((digest, index) => ({ step: segment.from + index + 1, digest }))
      .filter((one): one is { step: number; digest: string } => one.digest !== null)
      .filter(({ step }) => step > from && step < lastStep);
  }

  /** The request was sent; `done` steps are there. */
  open(supply: Supply, done: number): void {
    this.#supply = supply;
    this.advance(done);
  }

  /** So many steps of the schedule are done. */
  advance(done: number): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!.step <= done + AHEAD) {
      const { step, digest } = this.#waiting.shift()!;
      this.#sending = this.#sending.then(() => this.#send(step, digest));
    }
  }

  async #send(step: number, digest: string): Promise<void> {
    try {
      const state = await this.#readBlob(digest);
      this.#supply?.({ type: "kept", step }, { state });
    } catch (error) {
      this.#supply = null;
      this.#waiting.length = 0;
      this.#onFailure(error);
    }
  }
}
