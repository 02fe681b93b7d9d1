import type { LiveFrame } from "@arc-fabric/contract";

/**
 * Frames between a socket, which cannot be paused, and a reader that may be slow. A newer preview replaces the older
 * ones still waiting, so at most one preview and the clip's finished frames are held.
 */
export class LiveQueue implements AsyncIterable<LiveFrame> {
  #frames: LiveFrame[] = [];
  #closeCode: number | null = null;
  #wake: (() => void) | null = null;
  readonly #release: () => void;

  /** @param release closes the source; called once by `close` */
  constructor(release: () => void) {
    this.#release = release;
  }

  /** null while the source is open. */
  get closeCode(): number | null {
    return this.#closeCode;
  }

  push(frame: LiveFrame): void {
    if (this.#closeCode !== null) return;
    if (frame.kind === "preview")
      this.#frames = this.#frames.filter(
        (waiting) => waiting.kind !== "preview" || staysBeside(waiting, frame),
      );
    this.#frames.push(frame);
    this.#wake?.();
  }

  /** The source has ended; frames that are still waiting are delivered. */
  end(code: number): void {
    this.#closeCode ??= code;
    this.#wake?.();
  }

  /** Ends at once. */
  close(): void {
    this.#frames = [];
    const wasOpen = this.#closeCode === null;
    this.end(1005);
    if (wasOpen) this.#release();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LiveFrame, void> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame) yield frame;
      else if (this.#closeCode !== null) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

/** The frames of one preview arrive one by one; the same frame of the same step again replaces the first. */
function staysBeside(a: LiveFrame, b: LiveFrame): boolean {
  return a.step === b.step && a.frameIndex !== b.frameIndex;
}
