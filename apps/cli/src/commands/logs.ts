import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { withServer } from "../server/use-server.ts";
import { takeOf } from "./take-reference.ts";

export function logs(
  context: CliContext,
  { words, options }: CommandInput<"logs">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  const { paint } = terminal;
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const take = await takeOf(client, words[0]!, signal);
    const lines = await client.takes.logs(take.id, {
      signal,
      ...(options.limit === undefined ? {} : { limit: options.limit }),
    });
    const colour = {
      debug: paint.dim,
      info: (text: string) => text,
      warn: paint.yellow,
      error: paint.red,
    };
    const text = lines.map(
      ({ at, level, source, message }) =>
        `${paint.dim(at)} ${colour[level](level.padEnd(5))} ${source.padEnd(6)} ${message}\n`,
    );
    await terminal.out(
      options.json
        ? `${JSON.stringify({ items: lines })}\n`
        : text.join("") || `Nothing was logged for ${take.id}.\n`,
    );
    return EXIT_CODES.ok;
  });
}
