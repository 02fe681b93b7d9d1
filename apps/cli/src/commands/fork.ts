import type { CliContext } from "../cli-context.ts";
import { changesOf } from "../clip/derive-fields.ts";
import { makeDerived } from "../clip/make-derived.ts";
import type { CommandInput, ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";

export function fork(
  context: CliContext,
  { words, options }: CommandInput<"fork">,
): Promise<ExitCode> {
  const { at } = options;
  if (at === undefined)
    throw new UsageError(
      "arc fork needs --at STEP: the last step that is kept. arc show TAKE lists the stored ones.",
      "fork",
    );
  if (options.steps !== undefined && options.sigmas !== undefined)
    throw new UsageError(
      "--steps and --sigmas both say what steps follow: give one of them.",
      "fork",
    );
  return makeDerived(context, {
    command: "fork",
    from: words[0]!,
    options,
    request: () => ({
      kind: "fork",
      at_step: at,
      ...changesOf(options),
      solver: options.solver,
      history: options.history,
      remaining_steps: options.steps,
      sigmas: options.sigmas,
      model: options.model,
      seed: options.seed,
      cache: options.cache,
    }),
  });
}
