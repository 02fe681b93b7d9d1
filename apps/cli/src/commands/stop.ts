import { createClient } from "@arc-fabric/client";
import type { CliContext } from "../cli-context.ts";
import { CliError } from "../cli-error.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { answers } from "../server/find-server.ts";
import { readLocalSettings } from "../server/local-settings.ts";
import { readServerFile } from "../server/server-file.ts";

/** A little more than the server gives itself. */
const STOP_TIMEOUT_MS = 30_000;
const LOOK_MS = 50;

export async function stop(
  context: CliContext,
  { options }: CommandInput<"stop">,
): Promise<ExitCode> {
  const { dataDirectory } = readLocalSettings(context, options);
  const file = readServerFile(dataDirectory);
  // A file that a crash has left behind may name a process that is somebody else's by now.
  if (!file || !(await answers(createClient({ baseUrl: file.url }), context.interrupted)))
    throw new CliError(
      "nothing_there",
      `No server runs on ${dataDirectory}.`,
      "Name its data directory with --data-dir or ARC_DATA_DIR.",
    );
  process.kill(file.pid, "SIGTERM");
  await untilGone(file.pid, context);
  await context.terminal.out(
    options.json ? `${JSON.stringify({ stopped: true, ...file })}\n` : `Stopped ${file.url}\n`,
  );
  return EXIT_CODES.ok;
}

async function untilGone(pid: number, { now, interrupted }: CliContext): Promise<void> {
  const deadline = now() + STOP_TIMEOUT_MS;
  while (isAlive(pid)) {
    interrupted.throwIfAborted();
    if (now() > deadline)
      throw new CliError(
        "not_stopped",
        `The server (process ${pid}) has not stopped within ${STOP_TIMEOUT_MS / 1000} s.`,
        `End it at once: kill -9 ${pid}. Nothing that was stored is lost.`,
      );
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
