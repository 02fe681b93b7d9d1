import type { CliContext } from "../cli-context.ts";
import { queueFields } from "../clip/derive-fields.ts";
import { makeDerived } from "../clip/make-derived.ts";
import type { CommandInput, ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { takeOf } from "./take-reference.ts";

export function concat(
  context: CliContext,
  { words, options }: CommandInput<"concat">,
): Promise<ExitCode> {
  const [first, ...others] = words;
  if (first === undefined || others.length === 0)
    throw new UsageError("arc concat needs two takes or more.", "concat");
  return makeDerived(context, {
    command: "concat",
    from: first,
    options,
    async request(client) {
      const takes = [];
      for (const word of others) takes.push((await takeOf(client, word, context.interrupted)).id);
      return { kind: "concatenate", takes, ...queueFields(options) };
    },
  });
}

/** A stream's blocks as one clip. */
export function finalize(
  context: CliContext,
  { words, options }: CommandInput<"finalize">,
): Promise<ExitCode> {
  return makeDerived(context, {
    command: "finalize",
    from: words[0]!,
    options,
    request: () => ({ kind: "finalize", ...queueFields(options) }),
  });
}
