import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { withServer } from "../server/use-server.ts";
import { takeOf } from "./take-reference.ts";

export function tag(
  context: CliContext,
  { words, options }: CommandInput<"tag">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  const [word, ...named] = words;
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const { id, tags: before } = await takeOf(client, word!, signal);
    const tags = options.remove
      ? before.filter((known) => !named.includes(known))
      : [...new Set([...before, ...named])];
    const take = await client.takes.update(id, { tags }, { signal });
    const list = take.tags.map((known) => `#${known}`).join(" ");
    await terminal.out(
      options.json
        ? `${JSON.stringify({ id, tags: take.tags })}\n`
        : `${id}  ${list || "no tags"}\n`,
    );
    return EXIT_CODES.ok;
  });
}
