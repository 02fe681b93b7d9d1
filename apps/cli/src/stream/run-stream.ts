import { randomUUID } from "node:crypto";
import { FabricError, type Stream } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";
import { Interruption, type CliContext } from "../cli-context.ts";
import { survivingLosses, type ClipRun } from "../clip/clip-run.ts";
import { deliver, reportUnfinished } from "../clip/deliver-clip.ts";
import { CANCEL_TIMEOUT_MS, followTake } from "../clip/follow-take.ts";
import { clipTarget, progressOf } from "../clip/make-clip.ts";
import { EXIT_CODES, type CommandName, type ExitCode } from "../command-line/commands.ts";
import type { ClipOptions } from "../command-line/common-options.ts";
import type { OutputTarget } from "../files/output-target.ts";
import { withServer } from "../server/use-server.ts";
import { followStream } from "./follow-stream.ts";
import { blocksOf } from "./stream-blocks.ts";
import { streamStartText, streamStateText } from "./stream-text.ts";

export interface StreamJob {
  readonly command: CommandName;
  readonly options: ClipOptions;
  /** Starts the stream, lets it go on or only finds it. @param key the same for every attempt */
  begin(client: FabricClient, key: string): Promise<Stream>;
  readonly onInterrupt: "pause" | "leave";
}

/** Follows a stream's blocks and, with -o, saves them as one clip. */
export function runStream(context: CliContext, job: StreamJob): Promise<ExitCode> {
  const { command, options } = job;
  const target = options.output === undefined ? null : clipTarget(context, command, options);
  const progress = progressOf(context, options);
  const keepServer = options["keep-server"] ?? options.detach ?? false;
  return withServer(
    context,
    options,
    async (server) => {
      const run: ClipRun = { context, options, server, progress, onInterrupt: "leave" };
      try {
        const key = randomUUID();
        const begun = await survivingLosses(run, (client) => job.begin(client, key));
        progress.note(streamStartText(begun, context.terminal));
        if (options.detach) return await report(run, begun);
        const stream = await untilStill(run, begun, job.onInterrupt);
        progress.end();
        return await finish(run, stream, target);
      } finally {
        progress.end();
      }
    },
    { keepServer, progress },
  );
}

/** @throws the interruption, after it has paused the stream if that is what it does */
async function untilStill(
  run: ClipRun,
  begun: Stream,
  onInterrupt: StreamJob["onInterrupt"],
): Promise<Stream> {
  try {
    return await followStream(run, begun);
  } catch (error) {
    if (!(error instanceof Interruption) || onInterrupt === "leave") throw error;
    run.progress.note("Pausing the stream. Ctrl-C again leaves at once.");
    const paused = await run.server
      .client()
      .then((client) => client.streams.pause(begun.id, { timeoutMs: CANCEL_TIMEOUT_MS }))
      .catch(() => null);
    if (paused) run.progress.note(streamStateText(paused));
    throw error;
  }
}

async function finish(
  run: ClipRun,
  stream: Stream,
  target: OutputTarget | null,
): Promise<ExitCode> {
  const { error, status, blocks, max_blocks: most } = stream;
  if (error) {
    run.progress.note(streamStateText(stream));
    throw new FabricError(error.code, error.message, { details: error.details });
  }
  if (target === null) return report(run, stream);
  if (status === "paused" && blocks >= most) return save(run, stream, target);
  await report(run, stream);
  return EXIT_CODES.failed;
}

async function save(run: ClipRun, { id }: Stream, target: OutputTarget): Promise<ExitCode> {
  const idempotencyKey = randomUUID();
  const created = await survivingLosses(run, (client) =>
    client.streams.finalize(id, { idempotencyKey }),
  );
  const take = await followTake({ ...run, onInterrupt: "cancel" }, created);
  run.progress.end();
  return take.status === "completed" ? deliver(run, take, target) : reportUnfinished(run, take);
}

async function report(run: ClipRun, stream: Stream): Promise<ExitCode> {
  const { terminal, interrupted: signal } = run.context;
  run.progress.end();
  if (run.options.json) {
    const items = await survivingLosses(run, (client) => blocksOf(client, stream, signal));
    await terminal.out(`${JSON.stringify({ stream, items })}\n`);
  } else await terminal.out(`${streamStateText(stream)}\n`);
  return EXIT_CODES.ok;
}
