import type { CliContext } from "../cli-context.ts";
import { withoutMissing } from "../clip/without-missing.ts";
import { didYouMean } from "../command-line/closest.ts";
import { COMMAND_NAMES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { runStream } from "../stream/run-stream.ts";
import { streamChangesOf } from "../stream/stream-fields.ts";
import { streamOf } from "./stream-reference.ts";

export function stream(
  context: CliContext,
  { words, options }: CommandInput<"stream">,
): Promise<ExitCode> {
  refuseUnknownAction(words);
  const prompt = words.join(" ").trim();
  if (prompt === "") throw new UsageError("The prompt is empty.", "stream");
  const { model, seed, fps } = options;
  const request = {
    ...streamChangesOf(options),
    prompt,
    model,
    seed,
    fps,
    block_frames: options["block-frames"],
  };
  return runStream(context, {
    command: "stream",
    options,
    begin: (client, idempotencyKey) =>
      client.streams.create(withoutMissing(request), { idempotencyKey }),
    onInterrupt: "pause",
  });
}

/** "arc stream puase str_…" must not become a stream that shows that. */
function refuseUnknownAction([first = "", ...others]: readonly string[]): void {
  if (!others.some((word) => word === "last" || /^(str|take)_/.test(word))) return;
  const actions = COMMAND_NAMES.filter((name) => name.startsWith("stream ")).map((name) =>
    name.slice("stream ".length),
  );
  throw new UsageError(
    `There is no command "stream ${first}".${didYouMean(first, actions)} A prompt of several words wants quotes.`,
    "stream",
  );
}

export function watchStream(
  context: CliContext,
  { words, options }: CommandInput<"stream watch">,
): Promise<ExitCode> {
  return runStream(context, {
    command: "stream watch",
    options,
    begin: (client) => streamOf(client, words[0]!, context.interrupted),
    onInterrupt: "leave",
  });
}

export function resumeStream(
  context: CliContext,
  { words, options }: CommandInput<"stream resume">,
): Promise<ExitCode> {
  const changes = streamChangesOf(options);
  let id: string | null = null;
  return runStream(context, {
    command: "stream resume",
    options,
    async begin(client) {
      // Kept, so that "last" stays what it was when a lost server is replaced.
      id ??= (await streamOf(client, words[0]!, context.interrupted)).id;
      if (Object.keys(changes).length > 0) await client.streams.update(id, changes);
      return client.streams.resume(id);
    },
    onInterrupt: "pause",
  });
}
