import type { Take, TakePhase } from "@arc-fabric/contract";
import { stripVTControlCharacters } from "node:util";
import type { Paint } from "./terminal.ts";
import { ordinal, remainingText, truncate } from "./units.ts";

const PHASE_TEXT: Readonly<Record<TakePhase, string>> = {
  queued: "Waiting",
  loading: "Loading the model",
  encoding: "Reading the prompt",
  denoising: "Denoising",
  decoding: "Decoding the frames",
  finishing: "Writing the video",
  done: "Done",
};
const MAX_BAR = 30;
const MIN_BAR = 8;

export interface ProgressStyle {
  readonly columns: number;
  readonly unicode: boolean;
  readonly paint: Paint;
}

/**
 * One line for a terminal, never longer than its width.
 * @param sinceStepSeconds seconds since the last step or phase was announced
 * @param label what comes first: "Block 2/8: "
 */
export function progressLine(
  take: Take,
  sinceStepSeconds: number,
  style: ProgressStyle,
  label = "",
): string {
  const { paint } = style;
  const words = label + phaseText(take);
  const details = detailTexts(take, sinceStepSeconds);
  const left = details.length > 0 ? `${words}  ${details.join("  ")}` : words;
  const room = style.columns - 1;
  const barWidth = Math.min(MAX_BAR, room - stripVTControlCharacters(left).length - 2);
  const still = take.status === "queued" || take.status === "paused";
  if (barWidth < MIN_BAR || still) return truncate(left, room);
  const { step, total_steps: total } = take.progress;
  const tail = details.length > 0 ? `  ${paint.dim(details.join("  "))}` : "";
  return `${bar(total === 0 ? 1 : step / total, barWidth, style)}  ${paint.bold(words)}${tail}`;
}

/** What a pipe or a log file gets: the same without bar. */
export function progressText(take: Take, label = ""): string {
  return [label + phaseText(take), ...detailTexts(take, 0)].join(", ");
}

function phaseText(take: Take): string {
  const { phase, step, total_steps: total } = take.progress;
  if (take.status === "paused") return step > 0 ? `Paused at step ${step}/${total}` : "Paused";
  if (take.status === "queued") return queueText(take);
  const words = phase === "denoising" ? `Step ${step}/${total}` : PHASE_TEXT[phase];
  return take.pause_requested ? `${words}, pausing` : words;
}

function queueText({ progress, queue_position: position, resumes, steps_reused }: Take): string {
  const { step, total_steps: total } = progress;
  if (resumes > 0 && step > 0) return `Interrupted at step ${step}; goes on soon`;
  // It was paused, or lets a more urgent take go first.
  const waiting = step > steps_reused ? `Waiting at step ${step}/${total}` : "Waiting";
  return position !== null && position > 1
    ? `${waiting}, ${ordinal(position)} in the queue`
    : `${waiting}, next in the queue`;
}

function detailTexts(take: Take, sinceStepSeconds: number): string[] {
  const { phase, step_seconds: stepSeconds, remaining_seconds: remaining } = take.progress;
  // Without steps to count, seconds that go on show that something happens.
  if (take.status === "paused") return [];
  if (phase !== "denoising") return sinceStepSeconds >= 1 ? [elapsedText(sinceStepSeconds)] : [];
  if (remaining === null || stepSeconds === null) return [];
  // A step that takes longer than the others must not count down below what is surely left.
  const left = remaining - Math.min(sinceStepSeconds, stepSeconds);
  return [`about ${remainingText(left)} left`];
}

/** A line for work that has no take yet, with the seconds it has taken. */
export function busyLine(text: string, seconds: number, style: ProgressStyle): string {
  const elapsed = seconds >= 1 ? `  ${style.paint.dim(elapsedText(seconds))}` : "";
  return `${truncate(text, style.columns - 10)}${elapsed}`;
}

const elapsedText = (seconds: number) => `${Math.floor(seconds)} s`;

/** Eighths of a cell make the bar move at every step, also in a narrow terminal. */
function bar(fraction: number, width: number, { unicode, paint }: ProgressStyle): string {
  const share = Math.min(1, Math.max(0, fraction));
  if (!unicode) {
    const done = Math.round(share * (width - 2));
    return `[${"#".repeat(done)}${"-".repeat(width - 2 - done)}]`;
  }
  const eighths = Math.round(share * width * 8);
  const full = Math.floor(eighths / 8);
  const part = eighths % 8 === 0 ? "" : ["▏", "▎", "▍", "▌", "▋", "▊", "▉"][(eighths % 8) - 1]!;
  const rest = width - full - part.length;
  return paint.cyan("█".repeat(full) + part) + paint.dim("░".repeat(rest));
}
