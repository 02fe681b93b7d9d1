import type { StopReason } from "./stop-reason.ts";

/** How a running take is told to stop: at once, or at the end of its present step so that no step is lost. */
export class RunControl {
  readonly #abort = new AbortController();
  #pending: StopReason | null = null;
  #decided: StopReason | null = null;
  #stepping = false;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The work in hand is given up. */
  stopNow(reason: StopReason): void {
    this.#abort.abort(reason);
  }

  /** While steps are computed: after the present one. Otherwise at once; what is lost is no step. */
  stopAfterStep(reason: StopReason): void {
    if (this.#stepping) this.#pending = reason;
    else this.stopNow(reason);
  }

  /** At the end of the present or next step; what follows the last one is too short to be worth an interruption. */
  yieldAfterStep(reason: StopReason): void {
    this.#pending ??= reason;
  }

  /** Takes a stop back that has not happened yet. */
  withdraw(kind: StopReason["kind"]): void {
    if (this.#pending?.kind === kind) this.#pending = null;
  }

  enterSteps(): void {
    this.#stepping = true;
  }

  /**
   * Whether the present step is the last one of this attempt. Once this was said the stop cannot be withdrawn: the steps that follow
   * are not computed, so whatever comes after them must not run.
   */
  endSteps(): boolean {
    this.#decided ??= this.#pending;
    return this.#decided !== null;
  }

  /** The present step's state is stored. @throws StopReason when one was asked for */
  leaveSteps(): void {
    this.#stepping = false;
    const reason = this.#decided ?? this.#pending;
    if (reason) throw reason;
  }
}
