/** Lets a loop sleep until something happens, without missing what happens while it is awake. */
export class Wake {
  #pending = false;
  #resolve: (() => void) | null = null;

  notify(): void {
    this.#pending = true;
    this.#resolve?.();
  }

  /** Resolves at once when `notify` was called since the last wait ended. */
  async wait(): Promise<void> {
    if (!this.#pending) await new Promise<void>((resolve) => (this.#resolve = resolve));
    this.#resolve = null;
    this.#pending = false;
  }
}
