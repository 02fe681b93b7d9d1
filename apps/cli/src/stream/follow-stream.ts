import { setTimeout as sleep } from "node:timers/promises";
import type { Stream, TakeId } from "@arc-fabric/contract";
import { survivingLosses, type ClipRun } from "../clip/clip-run.ts";
import { followTake } from "../clip/follow-take.ts";
import { blockText } from "./stream-text.ts";

/** Between two blocks the server needs a moment to queue the next one. */
const LOOK_MS = 200;

/**
 * Follows a stream's blocks until it makes no more: all are made, it was paused, one failed, or it was ended.
 * @throws the interruption
 */
export async function followStream(run: ClipRun, begun: Stream): Promise<Stream> {
  const { context, progress } = run;
  const signal = context.interrupted;
  const told = new Set<string>();
  let seen: TakeId | null = null;
  for (let stream = begun; ;) {
    const { id, next_take_id: next, blocks, max_blocks: most } = stream;
    if (next === null && stream.status !== "running") return stream;
    if (next === null || next === seen) await sleep(LOOK_MS, undefined, { signal });
    else {
      const number = blocks + 1;
      const created = await survivingLosses(run, (client) => client.takes.get(next, { signal }));
      const take = await followTake(run, created, { label: `Block ${number}/${most}: `, told });
      if (take.status === "completed")
        progress.note(blockText(number, take, context.terminal.paint));
      seen = next;
    }
    stream = await survivingLosses(run, (client) => client.streams.get(id, { signal }));
  }
}
