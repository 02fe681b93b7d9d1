/** Answers that may be under way at once: one being written while the next step is computed. */
const MAX_IN_FLIGHT = 2;

/** Counts answers on their way to the server; the engine waits where the server does not read. */
export class SendWindow {
  #inFlight = 0;
  #waiting: (() => void)[] = [];

  /** Counts one answer; resolves when another may follow. */
  sent(): Promise<void> {
    this.#inFlight++;
    if (this.#inFlight < MAX_IN_FLIGHT) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  delivered(): void {
    this.#inFlight--;
    if (this.#inFlight >= MAX_IN_FLIGHT) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
