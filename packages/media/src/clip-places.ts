import { FabricError } from "@arc-fabric/contract";

/** A bounded number of clips at once, first come first served, with a bounded line of those that wait. */
export class ClipPlaces {
  #free: number;
  readonly #maxWaiting: number;
  readonly #waiting: ((error?: Error) => void)[] = [];

  constructor(places: number, maxWaiting: number) {
    this.#free = places;
    this.#maxWaiting = maxWaiting;
  }

  /** Resolves when a clip may be opened. @throws `encoder_failed` when too many wait already */
  async take(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    if (this.#waiting.length >= this.#maxWaiting)
      throw new FabricError(
        "encoder_failed",
        `${this.#maxWaiting} clips wait for the encoder already; try again when one is done.`,
      );
    await new Promise<void>((resolve, reject) =>
      this.#waiting.push((error) => (error ? reject(error) : resolve())),
    );
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }

  /** Turns away everyone who waits. */
  close(error: Error): void {
    for (const reject of this.#waiting.splice(0)) reject(error);
  }
}
