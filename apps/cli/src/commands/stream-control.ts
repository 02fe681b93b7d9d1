import type { Stream } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";
import type { CliContext } from "../cli-context.ts";
import { CliError } from "../cli-error.ts";
import { makeClip, type PreparedClip } from "../clip/make-clip.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { withServer } from "../server/use-server.ts";
import { blocksOf } from "../stream/stream-blocks.ts";
import { streamChangesOf } from "../stream/stream-fields.ts";
import { streamStateText } from "../stream/stream-text.ts";
import { streamOf } from "./stream-reference.ts";

export function changeStream(
  context: CliContext,
  input: CommandInput<"stream change">,
): Promise<ExitCode> {
  const changes = streamChangesOf(input.options);
  const names = Object.keys(changes);
  if (names.length === 0)
    throw new UsageError(
      "arc stream change needs what to change: --prompt, --negative, --guidance, --steps or --blocks.",
      "stream change",
    );
  return control(context, input, async (client, { id }, signal) => {
    const stream = await client.streams.update(id, changes, { signal });
    return [stream, `Changed ${id}, from its next block on.`];
  });
}

export function pauseStream(
  context: CliContext,
  input: CommandInput<"stream pause">,
): Promise<ExitCode> {
  return control(context, input, async (client, { id }, signal) => {
    const stream = await client.streams.pause(id, { signal });
    const last = stream.next_take_id ? " The block that is being made is finished first." : "";
    return [stream, `No more blocks of ${id} are begun.${last}`];
  });
}

export function rewindStream(
  context: CliContext,
  input: CommandInput<"stream back">,
): Promise<ExitCode> {
  const changes = streamChangesOf(input.options);
  const word = input.words[1]!;
  return control(context, input, async (client, before, signal) => {
    const takeId = await blockNamed(client, before, word, signal);
    if (Object.keys(changes).length > 0)
      await client.streams.update(before.id, changes, { signal });
    const stream = await client.streams.rewind(before.id, takeId, { signal });
    return [stream, `Went back to block ${stream.blocks}, ${takeId}.`];
  });
}

/** @param word a block's number from 1, or the id of a take of the stream's session */
async function blockNamed(
  client: FabricClient,
  stream: Stream,
  word: string,
  signal: AbortSignal,
): Promise<string> {
  if (!/^\d{1,6}$/.test(word)) return word;
  const block = (await blocksOf(client, stream, signal))[Number(word) - 1];
  if (block) return block.id;
  throw new CliError(
    "nothing_there",
    `The stream ${stream.id} has no block ${word}: its blocks are 1 to ${stream.blocks}.`,
    `See them with: arc stream show ${stream.id}`,
  );
}

/** Does one thing to a stream, and tells how it stands then. */
function control(
  context: CliContext,
  {
    words,
    options,
  }: CommandInput<"stream change"> | CommandInput<"stream pause"> | CommandInput<"stream back">,
  action: (
    client: FabricClient,
    stream: Stream,
    signal: AbortSignal,
  ) => Promise<[after: Stream, text: string]>,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const [stream, text] = await action(client, await streamOf(client, words[0]!, signal), signal);
    await terminal.out(
      options.json ? `${JSON.stringify(stream)}\n` : `${text}\n${streamStateText(stream)}\n`,
    );
    return EXIT_CODES.ok;
  });
}

export function finalizeStream(
  context: CliContext,
  { words, options }: CommandInput<"stream finalize">,
): Promise<ExitCode> {
  return makeClip(context, {
    command: "stream finalize",
    options,
    planOnly: false,
    async prepare(client): Promise<PreparedClip> {
      const { id } = await streamOf(client, words[0]!, context.interrupted);
      return {
        create: (server, idempotencyKey) => server.streams.finalize(id, { idempotencyKey }),
      };
    },
  });
}
