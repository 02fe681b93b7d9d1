import type { LogLine, TakeId } from "@arc-fabric/contract";
import type { Store } from "../ports/store.ts";
import type { Logger, System } from "../ports/system.ts";

/** A line longer than this is cut: logs are for people. */
const MAX_LINE_CHARS = 2000;

/** The log of one take: lines are written in order and in batches, never in the way of the work. */
export class TakeLog {
  readonly #deps: { store: Store; system: System; logger: Logger };
  readonly #takeId: TakeId;
  #waiting: LogLine[] = [];
  #writing: Promise<void> | null = null;

  constructor(takeId: TakeId, deps: { store: Store; system: System; logger: Logger }) {
    this.#takeId = takeId;
    this.#deps = deps;
  }

  write(level: LogLine["level"], message: string, source: LogLine["source"] = "server"): void {
    const at = new Date(this.#deps.system.now()).toISOString();
    this.#waiting.push({ at, level, source, message: message.slice(0, MAX_LINE_CHARS) });
    this.#writing ??= this.#drain();
  }

  /** Resolves when everything written so far is stored. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      try {
        await this.#deps.store.addLogLines(this.#takeId, lines);
      } catch (error) {
        this.#deps.logger.warn("A take's log could not be stored.", {
          take_id: this.#takeId,
          error: String(error),
        });
      }
    }
    this.#writing = null;
  }
}
