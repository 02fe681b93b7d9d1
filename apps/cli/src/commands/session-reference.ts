import type { FabricClient } from "@arc-fabric/client";
import type { Session } from "@arc-fabric/contract";
import { takeOf } from "./take-reference.ts";

/** The session of an id, of one of its takes, or of the newest take where nothing is named. */
export async function sessionOf(
  client: FabricClient,
  word: string | undefined,
  signal: AbortSignal,
): Promise<Session> {
  if (word !== undefined && word !== "last" && !word.startsWith("take_"))
    return client.sessions.get(word, { signal });
  const take = await takeOf(client, word ?? "last", signal);
  return client.sessions.get(take.session_id, { signal });
}
