import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { treeText } from "../output/tree-text.ts";
import { withServer } from "../server/use-server.ts";
import { sessionOf } from "./session-reference.ts";
import { takesOfSession } from "./session-takes.ts";

export function tree(
  context: CliContext,
  { words, options }: CommandInput<"tree">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const session = await sessionOf(client, words[0], signal);
    const takes = await takesOfSession(client, session.id, signal);
    if (options.json) {
      await terminal.out(`${JSON.stringify({ session, items: takes })}\n`);
      return EXIT_CODES.ok;
    }
    await terminal.out(treeText(session, takes, terminal));
    if (takes.length < session.take_count)
      terminal.err(terminal.paint.dim(`The first ${takes.length} of ${session.take_count}.\n`));
    return EXIT_CODES.ok;
  });
}
