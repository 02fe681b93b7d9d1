import { setTimeout as sleep } from "node:timers/promises";
import type { Stream, TakeId } from "@arc-fabric/contract";
import { survivingLosses, type ClipRun } from "../clip/clip-run.ts";
import { followTake } from "../clip/follow-take.ts";
import { blocksOf } from "./stream-blocks.ts";
import { blockText } from "./stream-text.ts";

/** Between two blocks the server needs a moment to queue the next one. */
const LOOK_MS = 200;

/**
 * Follows a stream's blocks until it makes no more: all are made, it was paused, one failed, or it was ended.
 * @throws the interruption
 */
export async function followStream(run: ClipRun, begun: Stream): Promise<Stream> {
  const signal = run.context.interrupted;
  const told = new Set<string>();
  let seen: TakeId | null = null;
  let noted = begun.blocks;
  for (let stream = begun; ;) {
    const { id, next_take_id: next, blocks, max_blocks: most } = stream;
    // A block may be made whole between two looks.
    if (blocks > noted) await noteBlocks(run, stream, noted);
    noted = blocks;
    if (next === null && stream.status !== "running") return stream;
    if (next === null || next === seen) await sleep(LOOK_MS, undefined, { signal });
    else {
      const number = blocks + 1;
      const created = await survivingLosses(run, (client) => client.takes.get(next, { signal }));
      await followTake(run, created, { label: `Block ${number}/${most}: `, told });
      seen = next;
    }
    stream = await survivingLosses(run, (client) => client.streams.get(id, { signal }));
  }
}

async function noteBlocks(run: ClipRun, stream: Stream, noted: number): Promise<void> {
  const { context, progress } = run;
  const all = await survivingLosses(run, (client) => blocksOf(client, stream, context.interrupted));
  for (const [i, take] of all.slice(0, stream.blocks).entries())
    if (i >= noted) progress.note(blockText(i + 1, take, context.terminal.paint));
}
