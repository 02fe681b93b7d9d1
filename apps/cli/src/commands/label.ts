import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { withServer } from "../server/use-server.ts";
import { stepNumber } from "./step-number.ts";
import { takeOf } from "./take-reference.ts";

export function label(
  context: CliContext,
  { words, options }: CommandInput<"label">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  const [word, stepText = "", name] = words;
  const step = stepNumber("label", stepText);
  if ((name === undefined) === (options.remove === undefined))
    throw new UsageError("arc label needs a NAME, or --remove without one.", "label");
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const { id } = await takeOf(client, word!, signal);
    const state = await client.takes.label(id, step, name ?? null, { signal });
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
