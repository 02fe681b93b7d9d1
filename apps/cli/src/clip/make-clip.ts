import { randomUUID } from "node:crypto";
import type { Planned, Take } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";
import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandName, type ExitCode } from "../command-line/commands.ts";
import type { ClipOptions } from "../command-line/common-options.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { outputTarget, type OutputTarget } from "../files/output-target.ts";
import {
  createProgressPrinter,
  silentProgress,
  type ProgressPrinter,
} from "../output/progress-printer.ts";
import { withServer } from "../server/use-server.ts";
import { survivingLosses, type ClipRun } from "./clip-run.ts";
import { clipJson, startText } from "./clip-texts.ts";
import { deliver, reportUnfinished } from "./deliver-clip.ts";
import { followTake } from "./follow-take.ts";
import { planText } from "./plan-text.ts";

/** What a command asks the server for, once everything that it names was looked up. */
export interface PreparedClip {
  /** @param idempotencyKey the same for every attempt */
  create(client: FabricClient, idempotencyKey: string): Promise<Take>;
  /** What it would run; missing where nothing new is planned. */
  plan?(client: FabricClient): Promise<Planned>;
  /** The take that the clip is made from. */
  readonly parent?: Take;
}

export interface ClipJob {
  readonly command: CommandName;
  readonly options: ClipOptions;
  /** Print the plan and stop. */
  readonly planOnly: boolean;
  /** Looks up takes and sends pictures. Done once, so that "last" stays what it was when a lost server is replaced. */
  prepare(client: FabricClient): Promise<PreparedClip>;
  readonly onInterrupt?: ClipRun["onInterrupt"];
  /** Whether the video is saved; true when left out. */
  readonly saves?: boolean;
}

/** Makes a clip and saves it; the common part of generate, fork, edit and the others. */
export async function makeClip(context: CliContext, job: ClipJob): Promise<ExitCode> {
  const { options } = job;
  const target = clipTarget(context, job.command, options);
  const progress = progressOf(context, options);
  const keepServer = options["keep-server"] ?? options.detach ?? false;
  return withServer(
    context,
    options,
    async (server) => {
      const run: ClipRun = {
        context,
        options,
        server,
        progress,
        onInterrupt: job.onInterrupt ?? "cancel",
      };
      try {
        const prepared = await survivingLosses(run, (client) => job.prepare(client));
        if (job.planOnly) return await showPlan(run, prepared);
        const created = await create(run, prepared);
        if (options.detach) return await reportDetached(run, created);
        const take = await followTake(run, created);
        progress.end();
        if (take.status !== "completed") return await reportUnfinished(run, take);
        return job.saves === false
          ? await reportCompleted(run, take)
          : await deliver(run, take, target);
      } finally {
        progress.end();
      }
    },
    { keepServer, progress },
  );
}

/** Where the clip goes, checked before any work is done. @throws UsageError */
export function clipTarget(
  { terminal, userDirectory }: CliContext,
  command: CommandName,
  options: ClipOptions,
): OutputTarget {
  const target = outputTarget(command, options.output, userDirectory);
  if (target.type === "stdout" && terminal.outIsTerminal)
    throw new UsageError(
      `A video is not for a terminal. Send it on: arc ${command} … -o - > video.mp4`,
      command,
    );
  if (target.type === "stdout" && options.json)
    throw new UsageError("--json and -o - both want standard output.", command);
  if (options.detach && options.output !== undefined)
    throw new UsageError(
      "--detach does not wait for the video, so it cannot write one: leave -o out, and save it later with arc download.",
      command,
    );
  return target;
}

/** With --json and no terminal, a script reads both streams and wants neither. */
export function progressOf(context: CliContext, options: ClipOptions): ProgressPrinter {
  const wanted = !options["no-progress"] && (!options.json || context.terminal.redraws);
  return wanted ? createProgressPrinter(context) : silentProgress;
}

function create(run: ClipRun, prepared: PreparedClip): Promise<Take> {
  // The same key for every attempt: the take exists once, whichever answer was lost.
  const idempotencyKey = randomUUID();
  return survivingLosses(run, async (client) => {
    // Not interrupted halfway: a take that may or may not exist could not be cancelled.
    const take = await prepared.create(client, idempotencyKey);
    run.progress.note(startText(take, run.context.terminal));
    return take;
  });
}

async function showPlan(run: ClipRun, { plan, parent }: PreparedClip): Promise<ExitCode> {
  const { terminal } = run.context;
  if (!plan) return EXIT_CODES.ok;
  const planned = await survivingLosses(run, plan);
  run.progress.end();
  await terminal.out(
    run.options.json ? `${JSON.stringify(planned)}\n` : planText(planned, terminal, parent),
  );
  return EXIT_CODES.ok;
}

async function reportCompleted(run: ClipRun, take: Take): Promise<ExitCode> {
  await run.context.terminal.out(
    run.options.json
      ? `${JSON.stringify(clipJson(take, null))}\n`
      : `${take.id} is completed. Save its video: arc download ${take.id}\n`,
  );
  return EXIT_CODES.ok;
}

async function reportDetached(run: ClipRun, take: Take): Promise<ExitCode> {
  run.progress.end();
  await run.context.terminal.out(
    run.options.json
      ? `${JSON.stringify(clipJson(take, null))}\n`
      : `${take.id} is ${take.status}. See how it goes: arc watch ${take.id}\n`,
  );
  return EXIT_CODES.ok;
}
