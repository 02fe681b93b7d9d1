import { describe, expect, test } from "vitest";
import { type SessionId, takeSchema } from "@arc-fabric/contract";
import type { SessionRecords } from "@arc-fabric/core";
import type { Subject } from "../store-conformance.ts";
import { digestOf } from "../support/fixtures.ts";

// Damage is done to any place of it.
// oxlint-disable-next-line typescript/no-explicit-any
type Json = Record<string, any>;

export function describeBundles(subject: Subject): void {
  /** A session with a tree of takes, a label, a head, an artifact, a log, an uploaded picture, a stream with a block. */
  async function richSession(): Promise<SessionId> {
    const { store, make } = subject;
    const session = await make.session("Rich");
    const parent = await make.completed(session, { title: "First" }, "p");
    const file = { digest: digestOf("picture"), name: "a.png", media_type: "image/png" };
    const size = { bytes: 9, width: 4, height: 2, created_at: new Date(make.now()).toISOString() };
    await store.addFile({ ...file, ...size }, make.now());
    const child = await make.take(session, {
      parentId: parent,
      origin: { kind: "fork", at_step: 2, prompt: `like ${parent}` },
      inherit: { takeId: parent, step: 2 },
      inputs: [digestOf("mask"), file.digest],
    });
    const claim = await make.claim();
    await store.addState(claim, make.state(3, { previewDigest: digestOf("preview") }), make.now());
    const artifact = { id: make.id("art"), take_id: child, kind: "video", media_type: "video/mp4" };
    const content = { bytes: 5, digest: digestOf("video"), metadata: { of: child } };
    const created_at = new Date(make.now()).toISOString();
    await store.addArtifact(claim, { ...artifact, ...content, created_at } as never, make.now());
    await store.addLogLines(child, [
      { at: created_at, level: "info", source: "server", message: `Take ${child} runs.` },
    ]);
    await store.completeTake(claim, make.now());
    await store.labelState(parent, 1, "mine", make.now());
    await store.updateTake(child, { tags: ["a", "b"], priority: 2 }, make.now());
    await store.updateSession(session, { headTakeId: child }, make.now());
    const block = make.newTake(session, {
      parentId: child,
      origin: { kind: "concatenate", takes: [parent] },
    });
    await store.createStreamTake(block, null, { kind: "begin", stream: make.newStream() });
    await make.finish(block.id);
    const [stream] = await store.listStreams({ sessionId: session });
    const head = { head_take_id: child, blocks: 1, status: "paused" } as const;
    const final = { take_id: block.id, key: null };
    await store.updateStream(stream!, { ...head, final }, make.now());
    return session;
  }

  async function exported(session: SessionId): Promise<SessionRecords> {
    return JSON.parse(JSON.stringify(await subject.store.exportSession(session)));
  }

  const bring = (records: SessionRecords) =>
    subject.store.importSession(records, subject.make.now(), subject.make.newIds());

  describe("bundles", () => {
    test("a session that was deleted comes back exactly, under its own ids", async () => {
      const { store } = subject;
      const session = await richSession();
      const records = await exported(session);
      const takes = (await store.listTakes({}, { limit: 9, order: "asc" })).items;
      const counts = await store.counts();
      await store.deleteSession(session);
      expect(await bring(records)).toMatchObject({
        id: session,
        title: "Rich",
        take_count: 3,
        last_seq: records.events.length,
      });
      expect((await store.listTakes({}, { limit: 9, order: "asc" })).items).toEqual(takes);
      expect(await exported(session)).toEqual(withFileTimes(records, await exported(session)));
      expect(await store.counts()).toEqual(counts);
      expect(await store.referencedBlobs()).toEqual(new Set(records.blobs));
    });

    test("beside the original it gets new ids everywhere, in the same order, with the same blobs", async () => {
      const { store } = subject;
      const session = await richSession();
      const records = await exported(session);
      const copy = await bring(records);
      expect(copy.id).not.toBe(session);
      const copied = await exported(copy.id);
      const text = JSON.stringify(copied);
      const prompts = `like ${records.takes[0]!["id"]}`;
      const { session: row, takes, artifacts, streams } = records;
      for (const { id } of [row, ...takes, ...artifacts, ...streams] as Json[])
        expect(text.replaceAll(prompts, "")).not.toContain(id);
      expect(copied.blobs.toSorted()).toEqual(records.blobs.toSorted());
      const [stream] = await store.listStreams({ sessionId: copy.id });
      const [first, second, third] = (
        await store.listTakes({ sessionId: copy.id }, { limit: 9, order: "asc" })
      ).items;
      expect(second).toMatchObject({ parent_id: first!.id, origin: { prompt: prompts } });
      expect(third).toMatchObject({ parent_id: second!.id, origin: { takes: [first!.id] } });
      expect(second?.artifacts).toMatchObject([
        { take_id: second!.id, metadata: { of: second!.id } },
      ]);
      expect(copy.head_take_id).toBe(second!.id);
      expect(stream).toMatchObject({
        head_take_id: second!.id,
        next_take_id: third!.id,
        final: { take_id: third!.id },
      });
      for (const take of [first, second, third]) expect(takeSchema.parse(take)).toEqual(take);
      expect(await store.listLogLines(second!.id, 9)).toMatchObject([
        { message: `Take ${second!.id} runs.` },
      ]);
      await expect(store.deleteTake(first!.id, 1)).rejects.toMatchObject({ code: "take_in_use" });
    });

    test("its events keep their numbers, are announced, and the sequence goes on after them", async () => {
      const { store, make, announced } = subject;
      const session = await richSession();
      const records = await exported(session);
      const before = announced.length;
      const { id, last_seq } = await bring(records);
      const events = (await store.readSessionEvents(id, 0, 1000))!;
      expect(announced.slice(before)).toEqual(events);
      expect(events.map(({ seq, at }) => [seq, at])).toEqual(
        (records.events as Json[]).map(({ seq, at }) => [seq, at]),
      );
      await store.updateSession(id, { title: "Copy" }, make.now());
      expect(announced.at(-1)).toMatchObject({ seq: last_seq + 1 });
    });

    test("imported takes are forked, thinned out and reused like any other, but measure nothing here", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const take = await make.completed(session, {}, "p");
      const { plan } = (await store.getTake(take))!;
      const records = await exported(session);
      await store.deleteSession(session);
      await bring(records);
      expect(await store.measuredSeconds("zoetrope-s", plan.shape)).toBeNull();
      const { environment } = (await store.getState(take, 2))!;
      expect(await store.findPrefix(["p 1", "p 2"], environment, make.id("take"))).toMatchObject({
        step: 2,
      });
      await make.take(session, { parentId: take, inherit: { takeId: take, step: 2 } });
      const policy = { sessionId: session, keepEvery: 9, dryRun: false, untilBytes: null };
      expect((await store.thinStates(policy, make.now())).states).toBe(2);
    });

    test("a stream that was running arrives paused, says so, and names no block that was deleted", async () => {
      const { store, make, announced } = subject;
      const session = await make.session();
      const first = make.newTake(session);
      await store.createStreamTake(first, null, { kind: "begin", stream: make.newStream() });
      await store.cancelTake(first.id, make.now());
      await store.deleteTake(first.id, make.now());
      const { id } = await bring(await exported(session));
      const [stream] = await store.listStreams({ sessionId: id });
      expect(stream).toMatchObject({ status: "paused", next_take_id: null, seed: 7 });
      expect(announced.at(-1)).toMatchObject({
        session_id: id,
        type: "stream.changed",
        data: { stream_id: stream!.id, status: "paused" },
      });
      const paused = await store.updateStream(stream!, { prompt: "a cube" }, make.now());
      expect(paused).toMatchObject({ prompt: "a cube" });
    });

    test("a session with an unfinished take is not exported, and one that is not there gives null", async () => {
      const { store, make } = subject;
      const session = await make.session();
      await make.take(session);
      await expect(store.exportSession(session)).rejects.toMatchObject({ code: "session_active" });
      expect(await store.exportSession(make.id("ses"))).toBeNull();
    });

    const DAMAGES: [string, string, (records: Json) => void][] = [
      ["a plan of another version", "takes.0.plan.version", (r) => (r.takes[0].plan.version = 3)],
      ["a take that is not finished", "takes.1.status", (r) => (r.takes[1].status = "running")],
      ["a parent that is not there", "takes.0.parent_id", (r) => r.takes.shift()],
      ["a take twice", "takes", (r) => r.takes.push(r.takes[0])],
      [
        "a state of nobody",
        "states.0.take_id",
        (r) => (r.states[0].take_id = r.takes[0].id.replace(/...$/, "000")),
      ],
      ["a state twice", "states", (r) => r.states.push(r.states[0])],
      ["a state after the end", "states.0.step", (r) => (r.states[0].step = 99)],
      ["a digest that is none", "states.0.digest", (r) => (r.states[0].digest = "../../x")],
      ["a blob that is missing", "blobs", (r) => r.blobs.pop()],
      ["a hole in the events", "events.1.seq", (r) => r.events.splice(1, 1)],
      ["an event of another kind", "events.0", (r) => (r.events[0].type = "take.exploded")],
      [
        "a head that is not there",
        "session.head_take_id",
        (r) => (r.session.head_take_id = r.takes[0].id.replace(/...$/, "000")),
      ],
      [
        "a stream's head that is not there",
        "streams.0.head",
        (r) => (r.streams[0].head_take_id = r.takes[0].id.replace(/...$/, "000")),
      ],
      ["a stream twice", "streams", (r) => r.streams.push(r.streams[0])],
      ["a field that nobody knows", "session", (r) => (r.session.colour = "red")],
      ["no version", "session.version", (r) => delete r.session.version],
      ["no takes", "takes", (r) => delete r.takes],
      ["no session", "session", (r) => (r.session = null)],
    ];

    test.each(DAMAGES)(
      "%s is refused by its place (%s), and nothing is left",
      async (_, path, damage) => {
        const { store, announced } = subject;
        const session = await richSession();
        const records = await exported(session);
        damage(records as Json);
        await store.deleteSession(session);
        const before = announced.length;
        await expect(bring(records)).rejects.toMatchObject({
          code: "bundle_invalid",
          details: { path: expect.stringMatching(new RegExp(`^${path}`)) },
        });
        expect(announced).toHaveLength(before);
        expect((await store.listSessions({ limit: 9, order: "asc" })).items).toEqual([]);
        expect(await store.counts()).toMatchObject({ completed: 0 });
      },
    );

    test("records of a newer version are refused as such", async () => {
      const records = await exported(await richSession());
      (records.session as Json)["version"] = 2;
      await expect(bring(records)).rejects.toMatchObject({ code: "bundle_newer" });
    });
  });
}

/** An imported file is as young as one that was uploaded just now. */
function withFileTimes(records: SessionRecords, like: SessionRecords): SessionRecords {
  const times = (like.session as Json)["files"].map((file: Json) => file["created_at"]);
  const files = (records.session as Json)["files"].map((file: Json, index: number) => ({
    ...file,
    created_at: times[index],
  }));
  return { ...records, session: { ...records.session, files } };
}
