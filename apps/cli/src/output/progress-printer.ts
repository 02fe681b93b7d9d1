import { isFinished, type Take } from "@arc-fabric/contract";
import { busyLine, progressLine, progressText, type ProgressStyle } from "./progress-line.ts";
import type { Terminal } from "./terminal.ts";

const REDRAW_MS = 250;
const CLEAR_LINE = "\r\u001b[2K";
/** A log file gets a line for every quarter of the steps. */
const QUARTERS = 4;

export interface ProgressPrinter {
  /** Something that takes a moment, before there is a take. */
  busy(text: string): void;
  /** @param label what the line begins with, where a command makes several takes */
  update(take: Take, label?: string): void;
  /** A line that stays, above the progress. */
  note(text: string): void;
  /** Removes what is redrawn. */
  end(): void;
}

export const silentProgress: ProgressPrinter = { busy() {}, update() {}, note() {}, end() {} };

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
  #line: ((seconds: number, style: ProgressStyle) => string) | null = null;
  /** What the seconds count from: a new phase or step starts them anew. */
  #key = "";
  #sinceMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #drawn = "";

  constructor(deps: { terminal: Terminal; now: () => number }) {
    this.#terminal = deps.terminal;
    this.#now = deps.now;
  }

  busy(text: string): void {
    this.#show(text, (seconds, style) => busyLine(text, seconds, style));
  }

  update(take: Take, label?: string): void {
    const { phase, step } = take.progress;
    this.#show(`${take.id}/${take.status}/${phase}/${step}`, (seconds, style) =>
      progressLine(take, seconds, style, label),
    );
  }

  note(text: string): void {
    this.#terminal.err(`${this.#drawn && CLEAR_LINE}${text}\n`);
    this.#drawn = "";
    this.#draw();
  }

  end(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#line = null;
    if (this.#drawn) this.#terminal.err(CLEAR_LINE);
    this.#drawn = "";
  }

  #show(key: string, line: (seconds: number, style: ProgressStyle) => string): void {
    if (key !== this.#key) this.#sinceMs = this.#now();
    this.#key = key;
    this.#line = line;
    this.#timer ??= setInterval(() => this.#draw(), REDRAW_MS).unref();
    this.#draw();
  }

  #draw(): void {
    if (!this.#line) return;
    const terminal = this.#terminal;
    const style = { columns: terminal.columns(), unicode: terminal.unicode, paint: terminal.paint };
    const line = this.#line((this.#now() - this.#sinceMs) / 1000, style);
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

  busy(text: string): void {
    if (text !== this.#last) this.note(text);
    this.#last = text;
  }

  update(take: Take, label?: string): void {
    const key = `${take.id} ${milestone(take)}`;
    if (key === this.#last || isFinished(take.status)) return;
    this.#last = key;
    this.note(progressText(take, label));
  }

  note(text: string): void {
    this.#terminal.err(`${text}\n`);
  }

  end(): void {}
}

function milestone(take: Take): string {
  const { phase, step, total_steps: total } = take.progress;
  if (take.status === "queued") return `queued ${take.queue_position} ${take.resumes}`;
  if (take.status === "paused") return "paused";
  return phase === "denoising" ? `${phase} ${Math.floor((step / total) * QUARTERS)}` : phase;
}
