import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { withServer } from "../server/use-server.ts";
import { blocksOf } from "../stream/stream-blocks.ts";
import { streamsText, streamText } from "../stream/stream-text.ts";
import { streamOf } from "./stream-reference.ts";

export function showStream(
  context: CliContext,
  { words, options }: CommandInput<"stream show">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const stream = await streamOf(client, words[0]!, signal);
    const items = await blocksOf(client, stream, signal);
    await terminal.out(
      options.json ? `${JSON.stringify({ stream, items })}\n` : streamText(stream, items, terminal),
    );
    return EXIT_CODES.ok;
  });
}

export function streams(
  context: CliContext,
  { options }: CommandInput<"streams">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  return withServer(context, options, async (server) => {
    const items = await (await server.client()).streams.list({ signal });
    await terminal.out(
      options.json ? `${JSON.stringify({ items })}\n` : streamsText(items, terminal),
    );
    return EXIT_CODES.ok;
  });
}
