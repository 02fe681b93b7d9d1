import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { withServer } from "../server/use-server.ts";
import { takeOf } from "./take-reference.ts";

export function cancel(
  context: CliContext,
  { words, options }: CommandInput<"cancel">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const cancelled = [];
    for (const word of words) {
      const { id } = await takeOf(client, word, signal);
      const take = await client.takes.cancel(id, { signal });
      cancelled.push({ id, status: take.status, step: take.progress.step });
      if (!options.json) await terminal.out(`Cancelled ${id}\n`);
    }
    if (options.json) await terminal.out(`${JSON.stringify({ items: cancelled })}\n`);
    return EXIT_CODES.ok;
  });
}
