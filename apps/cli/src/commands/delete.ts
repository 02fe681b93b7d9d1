import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { clip, countText } from "../output/units.ts";
import { withServer } from "../server/use-server.ts";
import { takeOf } from "./take-reference.ts";

export function deleteTakes(
  context: CliContext,
  { words, options }: CommandInput<"delete">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  if (!options.yes && !terminal.inIsTerminal)
    throw new UsageError("Nobody can be asked here: add --yes to delete.", "delete");
  return withServer(context, options, async (server) => {
    const client = await server.client();
    // All are looked up first: a wrong id deletes nothing.
    const takes = [];
    for (const word of words) takes.push(await takeOf(client, word, signal));
    if (!options.yes) {
      for (const take of takes)
        terminal.err(
          `${take.id}  ${clip(take.parameters.prompt, terminal.columns() - take.id.length - 3)}\n`,
        );
      if (!(await terminal.confirm(`Delete ${countText(takes.length, "take")} with all files?`)))
        return EXIT_CODES.failed;
    }
    for (const { id } of takes) {
      await client.takes.delete(id, { signal });
      if (!options.json) await terminal.out(`Deleted ${id}\n`);
    }
    if (options.json)
      await terminal.out(
        `${JSON.stringify({ items: takes.map(({ id }) => ({ id, deleted: true })) })}\n`,
      );
    return EXIT_CODES.ok;
  });
}
