import type { FabricClient } from "@arc-fabric/client";
import type { Take } from "@arc-fabric/contract";
import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { clip, countText } from "../output/units.ts";
import { withServer } from "../server/use-server.ts";
import { takesOfSession } from "./session-takes.ts";
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
    const named = new Map<string, Take>();
    for (const word of words) {
      const take = await takeOf(client, word, signal);
      named.set(take.id, take);
    }
    const takes = childrenFirst(
      options["with-children"] ? await withChildren(client, named, signal) : [...named.values()],
    );
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

/** The takes and all that was made from them, in the same sessions. */
async function withChildren(
  client: FabricClient,
  named: ReadonlyMap<string, Take>,
  signal: AbortSignal,
): Promise<Take[]> {
  const found = new Map<string, Take>(named);
  for (const sessionId of new Set([...named.values()].map((take) => take.session_id))) {
    const others = await takesOfSession(client, sessionId, signal);
    // A child may be listed before its parent when both were imported, so it is looked at until nothing is found.
    for (let before = -1; before !== found.size;) {
      before = found.size;
      for (const take of others)
        if (madeFrom(take).some((id) => found.has(id))) found.set(take.id, take);
    }
  }
  return [...found.values()];
}

/** A take that others were made from can only be deleted after them. */
function childrenFirst(takes: readonly Take[]): Take[] {
  const waiting = new Set(takes);
  const ordered: Take[] = [];
  while (waiting.size > 0) {
    const needed = new Set([...waiting].flatMap(madeFrom));
    const free = [...waiting].filter(({ id }) => !needed.has(id));
    // There are no circles; should the server ever say so, it decides itself what can be deleted.
    for (const take of free.length > 0 ? free : [...waiting]) {
      ordered.push(take);
      waiting.delete(take);
    }
  }
  return ordered;
}

function madeFrom({ parent_id: parent, origin }: Take): string[] {
  return [
    ...(parent === null ? [] : [parent]),
    ...(origin.kind === "concatenate" ? origin.takes : []),
  ];
}
