import type { CliContext } from "../cli-context.ts";
import { makeClip, type PreparedClip } from "../clip/make-clip.ts";
import type { CommandInput, ExitCode } from "../command-line/commands.ts";
import { takeOf } from "./take-reference.ts";

export function watch(
  context: CliContext,
  { words, options }: CommandInput<"watch">,
): Promise<ExitCode> {
  return makeClip(context, {
    command: "watch",
    options,
    planOnly: false,
    onInterrupt: "leave",
    saves: options.output !== undefined,
    async prepare(client): Promise<PreparedClip> {
      const { id } = await takeOf(client, words[0]!, context.interrupted);
      return { create: (server) => server.takes.get(id) };
    },
  });
}
