import type { Take } from "@arc-fabric/contract";
import { takeError, type FabricClient } from "@arc-fabric/client";
import { Interruption } from "../cli-context.ts";
import { EXIT_CODES, type ExitCode } from "../command-line/commands.ts";
import type { OutputTarget } from "../files/output-target.ts";
import { saveArtifact } from "../files/save-artifact.ts";
import { survivingLosses, type ClipRun } from "./clip-run.ts";
import { clipJson, summaryText, warningsText } from "./clip-texts.ts";
import { CANCEL_TIMEOUT_MS } from "./follow-take.ts";

/** Saves a completed take's video and says what it is. */
export async function deliver(run: ClipRun, take: Take, target: OutputTarget): Promise<ExitCode> {
  const { context, options } = run;
  const { terminal, interrupted } = context;
  // Interrupted in the very moment of completion: the video is there, so it is saved all the same.
  const signal = interrupted.aborted ? AbortSignal.timeout(CANCEL_TIMEOUT_MS) : interrupted;
  const save = (client: FabricClient) =>
    saveArtifact({ client, terminal, signal }, take, "video", target);
  // What went to standard output cannot be taken back.
  const path = await (target.type === "stdout"
    ? save(await run.server.client())
    : survivingLosses(run, save));
  // Without progress nobody has told them yet.
  if (take.warnings.length > 0 && options["no-progress"] && !options.json)
    terminal.err(`${warningsText(take, terminal)}\n`);
  const summary = (name: string) =>
    summaryText({ take, file: name, userDirectory: context.userDirectory }, terminal);
  if (options.json) await terminal.out(`${JSON.stringify(clipJson(take, path))}\n`);
  else if (path === null) terminal.err(summary("standard output"));
  else await terminal.out(summary(path));
  return EXIT_CODES.ok;
}

/** Tells why there is no video. @throws the take's own error when it failed */
export async function reportUnfinished(
  { context, options }: ClipRun,
  take: Take,
): Promise<ExitCode> {
  const error = takeError(take);
  if (take.status === "failed" && error) throw error;
  const { interrupted, terminal } = context;
  if (options.json) await terminal.out(`${JSON.stringify(clipJson(take, null))}\n`);
  terminal.err(`${unfinishedText(take)}\n`);
  return interrupted.reason instanceof Interruption
    ? interrupted.reason.exitCode
    : EXIT_CODES.failed;
}

function unfinishedText(take: Take): string {
  const { step, total_steps: total } = take.progress;
  const after = step > 0 ? ` after step ${step} of ${total}` : "";
  if (take.status === "cancelled") return `Cancelled${after} (${take.id}).`;
  const paused = take.status === "paused" ? `Paused${after}` : "It pauses at the end of this step";
  return `${paused}. Let it go on: arc resume ${take.id}`;
}
