import { FabricError } from "@arc-fabric/contract";

/** The server sends about two ahead of need; more than this means that it does not look at what was done. */
const MAX_WAITING = 8;

/** Kept states on their way from the server to the step that reads them. */
export class KeptStates {
  readonly #arrived = new Map<number, Uint8Array>();
  #waiting: { step: number; resolve: (state: Uint8Array) => void } | null = null;
  #reject: (error: Error) => void = () => {};
  #broken: Error | null = null;

  deliver(step: number, state: Uint8Array | undefined): void {
    if (!state) return this.fail(new FabricError("worker_protocol", "A kept state has no part."));
    if (this.#waiting?.step === step) {
      const { resolve } = this.#waiting;
      this.#waiting = null;
      return resolve(state);
    }
    this.#arrived.set(step, state);
    if (this.#arrived.size > MAX_WAITING)
      this.fail(
        new FabricError(
          "worker_protocol",
          `More than ${MAX_WAITING} kept states came before they were needed.`,
        ),
      );
  }

  /** The state after so many steps, as soon as it is there. Rejects with what `fail` was given. */
  take(step: number): Promise<Uint8Array> {
    if (this.#broken) return Promise.reject(this.#broken);
    const state = this.#arrived.get(step);
    this.#arrived.delete(step);
    if (state) return Promise.resolve(state);
    return new Promise((resolve, reject) => {
      this.#waiting = { step, resolve };
      this.#reject = reject;
    });
  }

  /** Whoever waits, now or later, gets this error. */
  fail(error: Error): void {
    this.#broken ??= error;
    this.#reject(this.#broken);
  }
}
