import type { FabricClient } from "@arc-fabric/client";
import type { Take } from "@arc-fabric/contract";
import { CliError } from "../cli-error.ts";

/** The take of an id, or the newest one for "last". */
export async function takeOf(
  client: FabricClient,
  word: string,
  signal: AbortSignal,
): Promise<Take> {
  if (word !== "last") return client.takes.get(word, { signal });
  const { items } = await client.takes.list({ limit: 1, signal });
  if (items[0]) return items[0];
  throw new CliError(
    "nothing_there",
    "There is no take yet.",
    'Make one: arc generate "a red ball bounces on a green meadow"',
  );
}
