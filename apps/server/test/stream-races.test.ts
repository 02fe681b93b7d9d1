import { isFinished, type Stream, type StreamId, type Take } from "@arc-fabric/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestEngine, type TestEngine } from "./support/test-engine.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await createTestEngine();
});
afterEach(() => test.close());

const ALL = { limit: 1000, order: "asc" } as const;

async function start(changes: object = {}): Promise<Stream> {
  const made = await test.engine.streams.create({ prompt: "a ball", seed: 3, ...changes }, null);
  return made.stream;
}

/** Until it rests: it is not running, and no take is under way. */
async function settled(id: StreamId): Promise<Stream> {
  await test.until(async () => {
    const { status, next_take_id: next } = await test.engine.streams.get(id);
    const takes = await takesOf(id);
    return status !== "running" && next === null && takes.every((take) => isFinished(take.status));
  });
  return test.engine.streams.get(id);
}

async function takesOf(id: StreamId): Promise<readonly Take[]> {
  const { session_id: sessionId } = await test.engine.streams.get(id);
  return (await test.store.listTakes({ sessionId }, ALL)).items;
}

/** Numbers of its takes, oldest first, from the first block to the head. */
async function chainOf(stream: Stream): Promise<number[]> {
  const takes = await takesOf(stream.id);
  const chain: number[] = [];
  for (let id = stream.head_take_id; id !== null;) {
    const index = takes.findIndex((take) => take.id === id);
    chain.unshift(index);
    id = takes[index]!.parent_id;
  }
  return chain;
}

const makesBlock = (take: { origin: { kind: string } }) => take.origin.kind === "continue";
const setsHead = (_: unknown, changes: { head_take_id?: string }) => "head_take_id" in changes;

describe("a stream that is changed while it looks at itself", () => {
  it("a rewind between a block's end and its becoming the head is not overwritten", async () => {
    const { streams } = test.engine;
    const stream = await start({ max_blocks: 2 });
    const two = await settled(stream.id);
    await streams.update(stream.id, { max_blocks: 3 });
    const [first] = await takesOf(stream.id);
    const rewound = test.interrupt({
      method: "updateStream",
      when: "before",
      matches: setsHead,
      act: () => streams.rewind(stream.id, first!.id),
    });
    await streams.resume(two.id);
    await rewound;
    const rest = await settled(stream.id);
    expect(rest).toMatchObject({ blocks: 3, error: null });
    // The third block that was made first is in the tree, and no part of the stream.
    expect(await chainOf(rest)).toEqual([0, 3, 4]);
  });

  it.each(["before", "after"] as const)(
    "a rewind %s a block is queued leaves no block of the old head behind",
    async (when) => {
      const { streams } = test.engine;
      const { id } = await start({ max_blocks: 2 });
      await settled(id);
      await streams.update(id, { max_blocks: 3 });
      const [first] = await takesOf(id);
      const gate = Promise.withResolvers<void>();
      test.controls.beforeStep = () => gate.promise;
      const rewound = test.interrupt({
        method: "createStreamTake",
        when,
        matches: makesBlock,
        act: () => streams.rewind(id, first!.id),
      });
      await streams.resume(id);
      await rewound;
      gate.resolve();
      const rest = await settled(id);
      expect(rest).toMatchObject({ blocks: 3, error: null });
      const chain = await chainOf(rest);
      expect(chain).toHaveLength(3);
      const stray = (await takesOf(id)).filter((_, i) => i > 1 && !chain.includes(i));
      expect(stray.map((take) => take.status)).toEqual(when === "before" ? [] : ["cancelled"]);
    },
  );

  it("a prompt that is changed while a block is planned is that block's prompt", async () => {
    const { streams } = test.engine;
    const stream = await start({ max_blocks: 1 });
    await settled(stream.id);
    await streams.update(stream.id, { max_blocks: 2 });
    const changed = test.interrupt({
      method: "createStreamTake",
      when: "before",
      matches: makesBlock,
      act: () => streams.update(stream.id, { prompt: "a blue cube" }),
    });
    await streams.resume(stream.id);
    await changed;
    const { head_take_id: head } = await settled(stream.id);
    expect((await test.store.getTake(head!))!.parameters.prompt).toBe("a blue cube");
  });

  it("a pause while a block is planned holds: no further block is made", async () => {
    const { streams } = test.engine;
    const stream = await start({ max_blocks: 1 });
    await settled(stream.id);
    await streams.update(stream.id, { max_blocks: 5 });
    const paused = test.interrupt({
      method: "createStreamTake",
      when: "before",
      matches: makesBlock,
      act: () => streams.pause(stream.id),
    });
    await streams.resume(stream.id);
    await paused;
    expect(await settled(stream.id)).toMatchObject({ status: "paused", blocks: 1 });
    expect(await takesOf(stream.id)).toHaveLength(1);
  });

  it("finalize while a block is made cancels it, and nothing runs on", async () => {
    const { streams } = test.engine;
    const stream = await start({ max_blocks: 2 });
    await settled(stream.id);
    await streams.update(stream.id, { max_blocks: 9 });
    const gate = Promise.withResolvers<void>();
    test.controls.beforeStep = () => gate.promise;
    await streams.resume(stream.id);
    await test.until(async () => (await streams.get(stream.id)).next_take_id !== null);
    const { next_take_id: next } = await streams.get(stream.id);
    const { take } = await streams.finalize(stream.id, null);
    gate.resolve();
    expect(await settled(stream.id)).toMatchObject({ status: "ended", blocks: 2 });
    expect((await test.store.getTake(next!))!.status).toBe("cancelled");
    const clip = (await test.store.getTake(take.id))!;
    expect(clip).toMatchObject({ status: "completed", parameters: { num_frames: 17 } });
  });

  it("two creates under one key at the same time make one stream", async () => {
    const key = { key: "createStream:x", fingerprint: "f" };
    const request = { prompt: "a ball", max_blocks: 1 };
    const [one, other] = await Promise.all([
      test.engine.streams.create(request, key),
      test.engine.streams.create(request, key),
    ]);
    expect(one.stream.id).toBe(other.stream.id);
    expect(await test.engine.streams.list({})).toHaveLength(1);
    await settled(one.stream.id);
  });

  it("a store that fails for a moment does not stop a stream for ever", async () => {
    const stream = await start({ max_blocks: 2 });
    await test.interrupt({
      method: "updateStream",
      when: "before",
      matches: setsHead,
      act: () => Promise.reject(new Error("The disk is full for a moment.")),
    });
    expect(await settled(stream.id)).toMatchObject({ blocks: 2, error: null });
  });
});
