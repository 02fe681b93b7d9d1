import type { FabricClient } from "@arc-fabric/client";
import type { Origin, Stream, Take } from "@arc-fabric/contract";
import { takesOfSession } from "../commands/session-takes.ts";

/** The blocks of a stream in order, with the one that is being made; not those that it went back from. */
export async function blocksOf(
  client: FabricClient,
  { session_id: sessionId, head_take_id: head, next_take_id: next }: Stream,
  signal: AbortSignal,
): Promise<Take[]> {
  const takes = await takesOfSession(client, sessionId, signal);
  const known = new Map<string, Take>(takes.map((take) => [take.id, take]));
  const blocks: Take[] = [];
  let follows = true;
  let at = known.get(next ?? head ?? "");
  while (at) {
    if (follows) blocks.unshift(at);
    if (!TAKES_PLACE.has(at.origin.kind)) break;
    follows = at.origin.kind === "continue";
    at = known.get(at.parent_id ?? "");
  }
  return blocks;
}

/** A fork or an edit of a block stands in that block's place. */
const TAKES_PLACE: ReadonlySet<Origin["kind"]> = new Set(["continue", "fork", "edit"]);
