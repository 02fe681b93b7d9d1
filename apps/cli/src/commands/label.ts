import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { withServer } from "../server/use-server.ts";
import { takeOf } from "./take-reference.ts";

export function label(
  context: CliContext,
  { words, options }: CommandInput<"label">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  const [word, stepText = "", name] = words;
  if (!/^\d{1,6}$/.test(stepText) || Number(stepText) < 1)
    throw new UsageError(`STEP is a step's number from 1, not "${stepText}".`, "label");
  if ((name === undefined) === (options.remove === undefined))
    throw new UsageError("arc label needs a NAME, or --remove without one.", "label");
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const { id } = await takeOf(client, word!, signal);
    const state = await client.takes.label(id, Number(stepText), name ?? null, { signal });
    await terminal.out(
      options.json
        ? `${JSON.stringify(state)}\n`
        : state.label === null
          ? `Step ${state.step} of ${id} has no name any more\n`
          : `Step ${state.step} of ${id} is called "${state.label}" and is kept\n`,
    );
    return EXIT_CODES.ok;
  });
}
