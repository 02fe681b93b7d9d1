import type { FabricClient } from "@arc-fabric/client";
import type { Take } from "@arc-fabric/contract";

const PAGE = 100;
/** More takes than a person reads; a session that holds more is shown up to here. */
const MAX_TAKES = 5000;

/** A session's takes, oldest first. */
export async function takesOfSession(
  client: FabricClient,
  sessionId: string,
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
