import { isFabricError, toFabricError, type ErrorCode } from "@arc-fabric/contract";
import { Interruption, type CliContext } from "./cli-context.ts";
import { CliError } from "./cli-error.ts";
import { EXIT_CODES, type CommandInput, type CommandName } from "./command-line/commands.ts";
import { commandHelp, mainHelp } from "./command-line/help-text.ts";
import { parseCommandLine } from "./command-line/parse-command-line.ts";
import { UsageError } from "./command-line/usage-error.ts";
import { cancel } from "./commands/cancel.ts";
import { compare } from "./commands/compare.ts";
import { deleteTakes } from "./commands/delete.ts";
import { doctor } from "./commands/doctor.ts";
import { draft } from "./commands/draft.ts";
import { download } from "./commands/download.ts";
import { edit } from "./commands/edit.ts";
import { exportSession } from "./commands/export-session.ts";
import { fork } from "./commands/fork.ts";
import { generate } from "./commands/generate.ts";
import { continueStream, extend, insert, loop } from "./commands/grow.ts";
import { head } from "./commands/head.ts";
import { importSession } from "./commands/import-session.ts";
import { concat, finalize } from "./commands/join.ts";
import { label } from "./commands/label.ts";
import { logs } from "./commands/logs.ts";
import { models } from "./commands/models.ts";
import { pause } from "./commands/pause.ts";
import { rename } from "./commands/rename.ts";
import { resume } from "./commands/resume.ts";
import { serve } from "./commands/serve.ts";
import { show } from "./commands/show.ts";
import { status } from "./commands/status.ts";
import { stop } from "./commands/stop.ts";
import { storage } from "./commands/storage.ts";
import {
  changeStream,
  finalizeStream,
  pauseStream,
  rewindStream,
} from "./commands/stream-control.ts";
import { showStream, streams } from "./commands/stream-show.ts";
import { resumeStream, stream, watchStream } from "./commands/stream.ts";
import { tag } from "./commands/tag.ts";
import { watch } from "./commands/watch.ts";
import { takes } from "./commands/takes.ts";
import { tree } from "./commands/tree.ts";
import { errorJson, errorText } from "./output/error-text.ts";
import { ServerNotStarted } from "./server/server-not-started.ts";
import { cliVersion } from "./version.ts";

const RUN: {
  readonly [Name in CommandName]: (
    context: CliContext,
    input: CommandInput<Name>,
  ) => Promise<number>;
} = {
  generate,
  fork,
  edit,
  extend,
  insert,
  loop,
  concat,
  continue: continueStream,
  finalize,
  stream,
  "stream watch": watchStream,
  "stream show": showStream,
  "stream change": changeStream,
  "stream pause": pauseStream,
  "stream resume": resumeStream,
  "stream back": rewindStream,
  "stream finalize": finalizeStream,
  streams,
  models,
  takes,
  show,
  watch,
  draft,
  download,
  logs,
  cancel,
  delete: deleteTakes,
  pause,
  resume,
  tree,
  compare,
  rename,
  head,
  tag,
  label,
  export: exportSession,
  import: importSession,
  storage,
  serve,
  stop,
  status,
  doctor,
};

/** Runs one command line. @returns the exit code; every error has been told */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const { terminal } = context;
  let json = false;
  try {
    const line = parseCommandLine(args);
    if (line.action === "version") await terminal.out(`${cliVersion()}\n`);
    if (line.action === "help")
      await terminal.out(`${line.command === null ? mainHelp() : commandHelp(line.command)}\n`);
    if (line.action !== "run") return EXIT_CODES.ok;
    json = line.options["json"] === true;
    const run = RUN[line.command] as (context: CliContext, input: unknown) => Promise<number>;
    return await run(context, { words: line.words, options: line.options });
  } catch (error) {
    return await tell(error, json, context);
  }
}

async function tell(error: unknown, json: boolean, { terminal }: CliContext): Promise<number> {
  const { paint } = terminal;
  if (error instanceof Interruption) {
    terminal.err("Interrupted.\n");
    return error.exitCode;
  }
  if (error instanceof UsageError) {
    terminal.err(
      `${paint.red("Error:")} ${error.message}\nHelp: arc ${error.command === null ? "--help" : `${error.command} --help`}\n`,
    );
    return EXIT_CODES.usage;
  }
  // The reader of our output has gone, as with `arc takes | head`.
  if ((error as NodeJS.ErrnoException | null)?.code === "EPIPE") return EXIT_CODES.ok;
  if (error instanceof CliError) {
    const { code, message, remedy } = error;
    if (json) await terminal.out(`${JSON.stringify(localErrorJson(code, message, remedy, {}))}\n`);
    else terminal.err(`${paint.red("Error:")} ${message}\n${paint.dim("What to do:")} ${remedy}\n`);
    return EXIT_CODES.failed;
  }
  if (error instanceof ServerNotStarted) {
    const code: ErrorCode = "server_unreachable";
    const { message, words } = error;
    if (json)
      await terminal.out(
        `${JSON.stringify(localErrorJson(code, message, "", { server_said: words }))}\n`,
      );
    else terminal.err(`${paint.red("Error:")} ${message}\n`);
    return EXIT_CODES.failed;
  }
  const known = toFabricError(error);
  if (json) await terminal.out(`${JSON.stringify(errorJson(known))}\n`);
  else terminal.err(errorText(known, paint));
  if (!isFabricError(error) && error instanceof Error)
    terminal.err(`${paint.dim(error.stack ?? "")}\n`);
  return EXIT_CODES.failed;
}

/** The same form as an error of the server, which has the request id. */
function localErrorJson(code: string, message: string, remedy: string, details: object): object {
  return { error: { code, message, remedy, retryable: false, request_id: null, details } };
}
