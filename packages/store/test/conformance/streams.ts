import { describe, expect, test } from "vitest";
import type { SessionId, TakeId } from "@arc-fabric/contract";
import type { NewTake, StoredStream, StreamLink } from "@arc-fabric/core";
import type { Subject } from "../store-conformance.ts";

export function describeStreams(subject: Subject): void {
  /** A session with a stream whose first clip waits. */
  async function begin(): Promise<StoredStream> {
    const { store, make } = subject;
    const session = await make.session();
    await link(session, { kind: "begin", stream: make.newStream() });
    const [stream] = await store.listStreams({ sessionId: session });
    return stream!;
  }

  async function link(session: SessionId, streamLink: StreamLink, changes: Partial<NewTake> = {}) {
    const { store, make } = subject;
    return store.createStreamTake(make.newTake(session, changes), null, streamLink);
  }

  async function complete(id: TakeId): Promise<void> {
    const { store, make } = subject;
    const claim = await make.claim();
    expect(claim.take.id).toBe(id);
    await store.completeTake(claim, make.now());
  }

  /** Its first clip is its head. */
  async function withHead(): Promise<StoredStream> {
    const { store, make } = subject;
    const stream = await begin();
    await complete(stream.next_take_id!);
    const head = { head_take_id: stream.next_take_id, next_take_id: null, blocks: 1 };
    return (await store.updateStream(stream, head, make.now()))!;
  }

  async function queueNext(stream: StoredStream): Promise<StoredStream> {
    const parentId = stream.head_take_id;
    await link(stream.session_id, { kind: "next", before: stream }, { parentId });
    return (await subject.store.getStream(stream.id))!;
  }

  describe("streams", () => {
    test("a stream begins with its first take, and every change that can be seen is an event", async () => {
      const { store, make, announced } = subject;
      const stream = await begin();
      const [take] = (await store.listTakes({}, { limit: 9, order: "asc" })).items;
      expect(stream).toEqual({
        ...make.newStream(),
        id: stream.id,
        created_at: stream.created_at,
        session_id: take!.session_id,
        next_take_id: take!.id,
      });
      expect(await store.getStream(stream.id)).toEqual(stream);
      expect(await store.listStreams({ status: "paused" })).toEqual([]);
      expect(await store.listStreams({ status: "running" })).toEqual([stream]);
      const before = announced.length;
      const unseen = await store.updateStream(stream, { revision: 1 }, make.now());
      expect(announced).toHaveLength(before);
      await store.updateStream(unseen!, { status: "paused" }, make.now());
      expect(announced.at(-1)).toMatchObject({
        type: "stream.changed",
        data: { stream_id: stream.id, status: "paused", next_take_id: take!.id },
      });
    });

    test("a stream that has changed since it was read is not changed, and no take is made for it", async () => {
      const { store, make, announced } = subject;
      const stale = await withHead();
      const stream = await store.updateStream(stale, { prompt: "a cube" }, make.now());
      const before = announced.length;
      expect(await store.updateStream(stale, { status: "paused" }, make.now())).toBeNull();
      const made = { parentId: stale.head_take_id };
      for (const kind of ["next", "end"] as const)
        expect(await link(stale.session_id, { kind, before: stale, key: null }, made)).toBeNull();
      expect(announced).toHaveLength(before);
      expect(await store.getStream(stale.id)).toEqual(stream);
      expect((await store.listTakes({}, { limit: 9, order: "asc" })).items).toHaveLength(1);
    });

    test("a next block is queued and named in one write, and a block that is refused leaves the stream as it was", async () => {
      const { store } = subject;
      const stream = await withHead();
      const next = { kind: "next", before: stream } as const;
      await expect(link(stream.session_id, next, { maxQueued: 0 })).rejects.toMatchObject({
        code: "queue_full",
      });
      expect(await store.getStream(stream.id)).toEqual(stream);
      const queued = await queueNext(stream);
      expect(await store.getTake(queued.next_take_id!)).toMatchObject({
        status: "queued",
        parent_id: stream.head_take_id,
      });
    });

    test("a next block that is given up is cancelled in the same write, a finished one is not touched", async () => {
      const { store, make, announced } = subject;
      const stream = await queueNext(await withHead());
      const given = stream.next_take_id!;
      const claim = await make.claim();
      const rewound = await store.updateStream(stream, { next_take_id: null }, make.now());
      expect(rewound).toMatchObject({ next_take_id: null });
      expect(await store.getTake(given)).toMatchObject({ status: "cancelled" });
      expect(announced.slice(-2).map(({ type }) => type)).toEqual([
        "stream.changed",
        "take.cancelled",
      ]);
      expect(await store.addState(claim, make.state(1), make.now())).toBe(false);

      const again = await queueNext(rewound!);
      await complete(again.next_take_id!);
      await store.updateStream(again, { next_take_id: null }, make.now());
      expect(await store.getTake(again.next_take_id!)).toMatchObject({ status: "completed" });
    });

    test("a stream ends with its clip, under the key that was asked with, and its next block is cancelled", async () => {
      const { store } = subject;
      const stream = await queueNext(await withHead());
      const key = { key: "finalize:x", fingerprint: "f" };
      const end = { kind: "end", before: stream, key } as const;
      const made = await link(stream.session_id, end, { parentId: stream.head_take_id });
      expect(await store.getStream(stream.id)).toMatchObject({
        status: "ended",
        next_take_id: null,
        final: { take_id: made!.take.id, key },
      });
      expect(await store.getTake(stream.next_take_id!)).toMatchObject({ status: "cancelled" });
    });

    test("a stream falls back when its head is deleted, and goes with its session", async () => {
      const { store, make } = subject;
      const one = await withHead();
      const queued = await queueNext(one);
      await complete(queued.next_take_id!);
      const head = { head_take_id: queued.next_take_id, next_take_id: null, blocks: 2 };
      const two = (await store.updateStream(queued, head, make.now()))!;
      await store.deleteTake(two.head_take_id!, make.now());
      expect(await store.getStream(two.id)).toMatchObject({
        head_take_id: one.head_take_id,
        blocks: 1,
        revision: 1,
      });
      await store.deleteSession(two.session_id);
      expect(await store.getStream(two.id)).toBeNull();
      expect(await store.updateStream(two, {}, make.now())).toBeNull();
    });
  });
}
