import type { LiveFrame, LiveKind } from "@arc-fabric/contract";
import { expect, test } from "vitest";
import { LiveQueue } from "./live-queue.ts";

const frame = (kind: LiveKind, step: number, frameIndex: number): LiveFrame => ({
  kind,
  step,
  frameIndex,
  codec: "jpeg",
  frameCount: 2,
  producedAtMs: step,
  fps: 8,
  data: new Uint8Array(),
});

async function drained(queue: LiveQueue): Promise<string[]> {
  const names: string[] = [];
  for await (const { kind, step, frameIndex } of queue) names.push(`${kind} ${step}/${frameIndex}`);
  return names;
}

test("a reader that falls behind gets the newest preview whole and every finished frame", async () => {
  const queue = new LiveQueue(() => {});
  for (const step of [1, 2, 3])
    for (const index of [0, 1]) queue.push(frame("preview", step, index));
  queue.push(frame("frame", 4, 0));
  queue.push(frame("preview", 3, 1));
  queue.push(frame("frame", 4, 1));
  queue.end(1000);
  expect(await drained(queue)).toEqual(["preview 3/0", "frame 4/0", "preview 3/1", "frame 4/1"]);
});

test("closing drops what waits, wakes the reader and releases the source once", async () => {
  let released = 0;
  const queue = new LiveQueue(() => released++);
  const reading = drained(queue);
  queue.close();
  queue.close();
  queue.push(frame("frame", 1, 0));
  expect(await reading).toEqual([]);
  expect(released).toBe(1);
});
