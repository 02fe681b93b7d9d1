import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { withServer } from "../server/use-server.ts";
import { takeOf } from "./take-reference.ts";

export function head(
  context: CliContext,
  { words, options }: CommandInput<"head">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const take = await takeOf(client, words[0]!, signal);
    const session = await client.sessions.update(
      take.session_id,
      { head_take_id: take.id },
      { signal },
    );
    await terminal.out(
      options.json
        ? `${JSON.stringify({ id: session.id, head_take_id: session.head_take_id })}\n`
        : `${take.id} is the head of "${session.title}"\n`,
    );
    return EXIT_CODES.ok;
  });
}
