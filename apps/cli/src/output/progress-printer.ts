import { isFinished, type Take } from "@arc-fabric/contract";
import { progressLine, progressText } from "./progress-line.ts";
import type { Terminal } from "./terminal.ts";

const REDRAW_MS = 250;
const CLEAR_LINE = "\r\u001b[2K";
/** A log file gets a line for every quarter of the steps. */
const QUARTERS = 4;

export interface ProgressPrinter {
  update(take: Take): void;
  /** A line that stays, above the progress. */
  note(text: string): void;
  /** Removes what is redrawn. */
  end(): void;
}

export const silentProgress: ProgressPrinter = { update() {}, note() {}, end() {} };

/** A bar redrawn in place in a terminal, a few plain lines elsewhere. */
export function createProgressPrinter(deps: {
  terminal: Terminal;
  now: () => number;
}): ProgressPrinter {
  return deps.terminal.redraws ? new RedrawnProgress(deps) : new PlainProgress(deps.terminal);
}

class RedrawnProgress implements ProgressPrinter {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  #take: Take | null = null;
  #changedAtMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #drawn = "";

  constructor(deps: { terminal: Terminal; now: () => number }) {
    this.#terminal = deps.terminal;
    this.#now = deps.now;
  }

  update(take: Take): void {
    if (
      take.progress.step !== this.#take?.progress.step ||
      take.progress.phase !== this.#take.progress.phase
    )
      this.#changedAtMs = this.#now();
    this.#take = take;
    // Between steps the time left goes down.
    this.#timer ??= setInterval(() => this.#draw(), REDRAW_MS).unref();
    this.#draw();
  }

  note(text: string): void {
    this.#terminal.err(`${this.#drawn && CLEAR_LINE}${text}\n`);
    this.#drawn = "";
    this.#draw();
  }

  end(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#take = null;
    if (this.#drawn) this.#terminal.err(CLEAR_LINE);
    this.#drawn = "";
  }

  #draw(): void {
    if (!this.#take) return;
    const terminal = this.#terminal;
    const style = { columns: terminal.columns(), unicode: terminal.unicode, paint: terminal.paint };
    const line = progressLine(this.#take, (this.#now() - this.#changedAtMs) / 1000, style);
    if (line === this.#drawn) return;
    terminal.err(`${CLEAR_LINE}${line}`);
    this.#drawn = line;
  }
}

class PlainProgress implements ProgressPrinter {
  readonly #terminal: Terminal;
  #last = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  update(take: Take): void {
    const key = milestone(take);
    if (key === this.#last || isFinished(take.status)) return;
    this.#last = key;
    this.note(progressText(take));
  }

  note(text: string): void {
    this.#terminal.err(`${text}\n`);
  }

  end(): void {}
}

function milestone(take: Take): string {
  const { phase, step, total_steps: total } = take.progress;
  if (take.status === "queued") return `queued ${take.queue_position} ${take.resumes}`;
  return phase === "denoising" ? `${phase} ${Math.floor((step / total) * QUARTERS)}` : phase;
}
