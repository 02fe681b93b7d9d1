import path from "node:path";
import type { Model, Take } from "@arc-fabric/contract";
import { closest } from "../command-line/closest.ts";
import { wrap } from "../command-line/help-text.ts";
import type { Terminal } from "../output/terminal.ts";
import { bytesText, clip, countText, secondsText } from "../output/units.ts";
import { originKindText } from "./origin-text.ts";
import { proofText } from "./proof-text.ts";
import { secondsOf } from "./take-seconds.ts";

/** What is being made, before it is made: the seed is there should it be interrupted. */
export function startText(
  take: Take,
  { paint, columns }: Pick<Terminal, "paint" | "columns">,
): string {
  const { prompt, width, height, num_frames: frames, fps, seed } = take.parameters;
  const facts = [
    ...(take.origin.kind === "generate" ? [] : [originKindText(take.origin)]),
    take.model,
    `${width}x${height}`,
    `${countText(frames, "frame")} at ${fps} fps`,
    stepsText(take),
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

/** How many steps are computed, and how many were there already. */
export function stepsText(take: Pick<Take, "steps_reused" | "plan">): string {
  const { steps_reused: reused, plan } = take;
  const total = plan.total_steps;
  if (total === 0) return "no steps";
  return reused === 0 ? countText(total, "step") : `${reused} of ${total} steps reused`;
}

export interface Saved {
  readonly take: Take;
  readonly file: string;
  readonly userDirectory: string;
}

/** What was made, where it is, and what it cost; of an edit also what it left as it was. */
export function summaryText(
  { take, file, userDirectory }: Saved,
  { paint }: Pick<Terminal, "paint">,
): string {
  const { width, height, num_frames: frames, fps, seed } = take.parameters;
  const video = take.artifacts.find(({ kind }) => kind === "video");
  const size = video ? `, ${bytesText(video.bytes)}` : "";
  const details = [`seed ${seed}`, costText(take), take.id];
  return [
    `${paint.green("Saved")} ${paint.bold(shortPath(file, userDirectory))}\n`,
    `  ${countText(frames, "frame")} of ${width}x${height}, ${secondsText(frames / fps)} at ${fps} fps${size}\n`,
    `  ${paint.dim(details.join(", "))}\n`,
    ...(take.proof ? [`  ${proofText(take.proof)}\n`] : []),
  ].join("");
}

/** The estimate stands beside the time it took. */
function costText(take: Take): string {
  const made = `made in ${secondsText(secondsOf(take))}`;
  // Of clips that are only put together nothing is estimated but steps.
  const expected = take.estimate?.steps ? ` (expected ${secondsText(take.estimate.seconds)})` : "";
  const reused = take.steps_reused > 0 ? `, ${stepsText(take)}` : "";
  return `${made}${expected}${reused}`;
}

export function clipJson(take: Take, file: string | null): Record<string, unknown> {
  const { parameters, artifacts } = take;
  const video = artifacts.find(({ kind }) => kind === "video");
  return {
    take_id: take.id,
    session_id: take.session_id,
    parent_id: take.parent_id,
    origin: take.origin,
    status: take.status,
    path: file,
    bytes: video?.bytes ?? null,
    sha256: video?.digest ?? null,
    duration_s: parameters.num_frames / parameters.fps,
    seconds: secondsOf(take),
    estimate: take.estimate,
    total_steps: take.plan.total_steps,
    steps_reused: take.steps_reused,
    proof: take.proof,
    ...parameters,
    warnings: take.warnings,
    artifacts,
  };
}

/** "standard output" stays what it is. */
export function shortPath(file: string, userDirectory: string): string {
  if (!path.isAbsolute(file)) return file;
  const relative = path.relative(userDirectory, file);
  return relative.startsWith("..") || path.isAbsolute(relative) ? file : relative;
}
