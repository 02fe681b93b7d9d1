import type { FabricClient } from "@arc-fabric/client";
import type { Stream } from "@arc-fabric/contract";
import { CliError } from "../cli-error.ts";
import { takeOf } from "./take-reference.ts";

/** The stream of an id, of one of its blocks, or the newest one for "last". */
export async function streamOf(
  client: FabricClient,
  word: string,
  signal: AbortSignal,
): Promise<Stream> {
  if (word !== "last" && !word.startsWith("take_")) return client.streams.get(word, { signal });
  const session =
    word === "last" ? {} : { sessionId: (await takeOf(client, word, signal)).session_id };
  const [newest] = await client.streams.list({ ...session, signal });
  if (newest) return newest;
  throw new CliError(
    "nothing_there",
    word === "last" ? "There is no stream yet." : `The take ${word} is no block of a stream.`,
    word === "last"
      ? 'Start one: arc stream "a red ball bounces on a green meadow"'
      : "List the streams: arc streams. To go on from any take by hand: arc continue TAKE.",
  );
}
