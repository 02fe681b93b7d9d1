import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { withServer } from "../server/use-server.ts";
import { takeOf } from "./take-reference.ts";

export function rename(
  context: CliContext,
  { words: [word = "", ...more], options }: CommandInput<"rename">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  const title = more.join(" ").trim();
  const isSession = word.startsWith("ses_");
  if ((title === "") !== (options.remove ?? false))
    throw new UsageError("arc rename needs a TITLE, or --remove without one.", "rename");
  if (isSession && options.remove)
    throw new UsageError("A session always has a title: give another one.", "rename");
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const named = isSession
      ? await client.sessions.rename(word, title, { signal })
      : await client.takes.update(
          (await takeOf(client, word, signal)).id,
          { title: options.remove ? null : title },
          { signal },
        );
    const { id } = named;
    await terminal.out(
      options.json
        ? `${JSON.stringify({ id, title: named.title })}\n`
        : named.title === null
          ? `${id} has no title any more\n`
          : `${id} is called "${named.title}"\n`,
    );
    return EXIT_CODES.ok;
  });
}
