import path from "node:path";
import type { Model, Take } from "@arc-fabric/contract";
import { closest } from "../command-line/closest.ts";
import { wrap } from "../command-line/help-text.ts";
import type { Terminal } from "../output/terminal.ts";
import { bytesText, clip, countText, secondsText } from "../output/units.ts";

/** What is being made, before it is made: the seed is there should it be interrupted. */
export function startText(
  take: Take,
  { paint, columns }: Pick<Terminal, "paint" | "columns">,
): string {
  const {
    prompt,
    width,
    height,
    num_frames: frames,
    fps,
    num_inference_steps: steps,
    seed,
  } = take.parameters;
  const facts = [
    take.model,
    `${width}x${height}`,
    `${countText(frames, "frame")} at ${fps} fps`,
    countText(steps, "step"),
    `seed ${seed}`,
  ];
  return `${paint.bold(clip(prompt, columns() - 1))}\n${paint.dim(clip(facts.join(" · "), columns() - 1))}`;
}

/** @param known the model's words, to guess what was meant; empty when they are not at hand */
export function warningsText(
  take: Take,
  { paint, columns }: Pick<Terminal, "paint" | "columns">,
  known: readonly string[] = [],
): string {
  const lines = take.warnings.flatMap((warning) => {
    const [first = "", ...rest] = wrap(`Warning: ${warning.message}`, columns() - 1);
    return [first.replace("Warning:", paint.yellow("Warning:")), ...rest];
  });
  const unknown = take.warnings.filter(({ code }) => code === "unknown_words");
  if (unknown.length === 0) return lines.join("\n");
  const guesses = unknown
    .flatMap(({ words }) => words)
    .map((word) => [word, closest(word, known)] as const)
    .flatMap(([word, meant]) => (meant === null ? [] : [`${word}: did you mean ${meant}?`]));
  return [...lines, ...guesses, paint.dim(`The words it knows: arc models ${take.model}`)].join(
    "\n",
  );
}

/** The single words of a model's vocabulary. */
export function wordsOf({ vocabulary }: Pick<Model, "vocabulary">): string[] {
  const words = Object.values(vocabulary).flatMap((group) =>
    group.flatMap((phrase) => phrase.split(" ")),
  );
  return [...new Set(words)];
}

export function summaryText(
  take: Take,
  file: string,
  { paint }: Pick<Terminal, "paint">,
  userDirectory?: string,
): string {
  const { width, height, num_frames: frames, fps, seed } = take.parameters;
  const video = take.artifacts.find(({ kind }) => kind === "video");
  const name = userDirectory === undefined ? file : shortPath(file, userDirectory);
  const size = video ? `, ${bytesText(video.bytes)}` : "";
  return (
    `${paint.green("Saved")} ${paint.bold(name)}\n` +
    `  ${countText(frames, "frame")} of ${width}x${height}, ${secondsText(frames / fps)} at ${fps} fps${size}\n` +
    `  ${paint.dim(`seed ${seed}, made in ${secondsText(secondsOf(take))}, ${take.id}`)}\n`
  );
}

export function generateJson(take: Take, file: string | null): Record<string, unknown> {
  const { parameters, artifacts } = take;
  const video = artifacts.find(({ kind }) => kind === "video");
  return {
    take_id: take.id,
    session_id: take.session_id,
    status: take.status,
    path: file,
    bytes: video?.bytes ?? null,
    sha256: video?.digest ?? null,
    duration_s: parameters.num_frames / parameters.fps,
    seconds: secondsOf(take),
    ...parameters,
    warnings: take.warnings,
    artifacts,
  };
}

/** Seconds from start to end; 0 for a take that never started. */
export function secondsOf(take: Take): number {
  if (take.started_at === null || take.finished_at === null) return 0;
  return (Date.parse(take.finished_at) - Date.parse(take.started_at)) / 1000;
}

function shortPath(file: string, userDirectory: string): string {
  const relative = path.relative(userDirectory, file);
  return relative.startsWith("..") || path.isAbsolute(relative) ? file : relative;
}
