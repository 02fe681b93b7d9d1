import { FabricError } from "@arc-fabric/contract";

/** Counts the connections that stay open: event streams and live views. */
export class StreamLimit {
  readonly #max: number;
  #open = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get open(): number {
    return this.#open;
  }

  /** @returns gives the place back. @throws FabricError `too_many_streams` */
  enter(): () => void {
    if (this.#open >= this.#max)
      throw new FabricError(
        "too_many_streams",
        `There are ${this.#max} event streams and live views open, which is the limit.`,
        {
          details: { limit: this.#max, retry_after_s: 5 },
        },
      );
    this.#open++;
    let left = false;
    return () => {
      if (!left) this.#open--;
      left = true;
    };
  }
}
