import type { FabricClient } from "@arc-fabric/client";
import type { Session, Take } from "@arc-fabric/contract";
import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { treeText } from "../output/tree-text.ts";
import { withServer } from "../server/use-server.ts";
import { sessionOf } from "./session-reference.ts";

const PAGE = 100;
/** More takes than a person reads; a session that holds more is shown up to here. */
const MAX_TAKES = 5000;

export function tree(
  context: CliContext,
  { words, options }: CommandInput<"tree">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const session = await sessionOf(client, words[0], signal);
    const takes = await takesOf(client, session, signal);
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

/** A session's takes, oldest first. */
async function takesOf(
  client: FabricClient,
  { id: sessionId }: Session,
  signal: AbortSignal,
): Promise<Take[]> {
  const takes: Take[] = [];
  while (takes.length < MAX_TAKES) {
    const last = takes.at(-1);
    const page = await client.takes.list({
      sessionId,
      order: "asc",
      limit: PAGE,
      signal,
      ...(last ? { after: last.id } : {}),
    });
    takes.push(...page.items);
    if (!page.has_more || page.items.length === 0) break;
  }
  return takes;
}
