import { describe, expect, test } from "vitest";
import type { TakeId, UploadedFile } from "@arc-fabric/contract";
import type { ThinPolicy } from "@arc-fabric/core";
import type { Subject } from "../store-conformance.ts";
import { digestOf } from "../support/fixtures.ts";

const ALL: ThinPolicy = { sessionId: null, keepEvery: 100, dryRun: false, untilBytes: null };

export function describeStorage(subject: Subject): void {
  async function steps(id: TakeId): Promise<number[]> {
    return (await subject.store.listStates(id)).map(({ step }) => step);
  }

  const thin = (policy: Partial<ThinPolicy> = {}) =>
    subject.store.thinStates({ ...ALL, ...policy }, subject.make.now());

  describe("thinning out", () => {
    test("the last state stays, every n-th, and labelled ones; the removal is told per take", async () => {
      const { store, make, announced } = subject;
      const id = await make.completed(await make.session(), {}, "p");
      await store.labelState(id, 1, "mine", make.now());
      expect(await thin({ keepEvery: 2, dryRun: true })).toEqual({ states: 1, bytes: 100 });
      expect(await steps(id)).toEqual([1, 2, 3, 4]);
      expect(await thin({ keepEvery: 2 })).toEqual({ states: 1, bytes: 100 });
      expect(await steps(id)).toEqual([1, 2, 4]);
      expect(announced.at(-1)).toMatchObject({
        type: "states.thinned",
        data: { take_id: id, steps: [3] },
      });
      expect(await thin({ keepEvery: 2 })).toEqual({ states: 0, bytes: 0 });
      expect(await thin({ keepEvery: 1 })).toEqual({ states: 0, bytes: 0 });
      expect(await store.getTake(id)).toMatchObject({ progress: { step: 4 } });
      expect(await thin()).toEqual({ states: 1, bytes: 100 });
      expect(await steps(id)).toEqual([1, 4]);
    });

    test("running, queued and paused takes keep every state", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const ids = [];
      for (const status of ["running", "paused", "queued"]) {
        ids.push(await make.take(session, { priority: status === "queued" ? 5 : 0 }));
        const claim = await make.claim();
        for (const step of [1, 2]) await store.addState(claim, make.state(step), make.now());
        if (status === "paused") {
          await store.pauseTake(claim.take.id, make.now());
          await store.pauseClaimed(claim, make.now());
        }
        if (status === "queued") await store.requeueTake(claim, "Lost.", make.now());
      }
      expect(await thin()).toEqual({ states: 0, bytes: 0 });
      for (const id of ids) expect(await steps(id)).toEqual([1, 2]);
    });

    test("states stay that a child begins with or that a plan reads", async () => {
      const { make } = subject;
      const session = await make.session();
      const parent = await make.completed(session, {}, "p");
      await make.completed(
        session,
        {
          parentId: parent,
          origin: { kind: "fork", at_step: 2 },
          inherit: { takeId: parent, step: 2 },
        },
        "c",
      );
      await make.completed(session, { inputs: [digestOf("p 3")] }, "e");
      await thin();
      expect(await steps(parent)).toEqual([2, 3, 4]);
    });

    test("a blob that several takes name is free only when the last of them lets it go", async () => {
      const { make } = subject;
      const session = await make.session();
      const parent = await make.completed(session, {}, "p");
      const inherit = { takeId: parent, step: 3 };
      const child = await make.completed(session, { inherit }, "p");
      expect(await thin({ untilBytes: 1 })).toEqual({ states: 4, bytes: 100 });
      expect([await steps(parent), await steps(child)]).toEqual([[4], [2, 3, 4]]);
      expect(await thin({ dryRun: true })).toEqual({ states: 2, bytes: 200 });
    });

    test("with a budget the takes that ended first go first, and it stops when enough is free", async () => {
      const { make } = subject;
      const session = await make.session();
      const [first, second] = [
        await make.completed(session, {}, "a"),
        await make.completed(session, {}, "b"),
      ];
      expect(await thin({ untilBytes: 0 })).toEqual({ states: 0, bytes: 0 });
      expect(await thin({ untilBytes: 350 })).toEqual({ states: 4, bytes: 400 });
      expect([await steps(first), await steps(second)]).toEqual([[4], [2, 3, 4]]);
    });

    test("only the session that is named is thinned out", async () => {
      const { make } = subject;
      const [one, two] = [await make.session(), await make.session()];
      const [a, b] = [await make.completed(one, {}, "a"), await make.completed(two, {}, "b")];
      expect(await thin({ sessionId: two })).toEqual({ states: 3, bytes: 300 });
      expect([await steps(a), await steps(b)]).toEqual([[1, 2, 3, 4], [4]]);
    });
  });

  describe("usage and files", () => {
    test("usage counts a blob once in the total and once in each session", async () => {
      const { store, make } = subject;
      const [one, two, empty] = [
        await make.session("One"),
        await make.session("Two"),
        await make.session("Empty"),
      ];
      const parent = await make.completed(one, {}, "p");
      await make.completed(two, { inherit: { takeId: parent, step: 2 } }, "q");
      expect(await store.storageUsage()).toEqual({
        states: 8,
        state_bytes: 600,
        artifact_bytes: 0,
        sessions: [
          { session_id: empty, title: "Empty", states: 0, state_bytes: 0, artifact_bytes: 0 },
          { session_id: two, title: "Two", states: 4, state_bytes: 400, artifact_bytes: 0 },
          { session_id: one, title: "One", states: 4, state_bytes: 400, artifact_bytes: 0 },
        ],
      });
    });

    test("a file is kept for its time and as long as a take reads it", async () => {
      const { store, make } = subject;
      const file = (name: string): UploadedFile => ({
        digest: digestOf(name),
        name,
        media_type: "image/png",
        bytes: 9,
        width: 4,
        height: 2,
        created_at: new Date(0).toISOString(),
      });
      const uploaded = make.now();
      for (const name of ["read", "again", "idle"]) await store.addFile(file(name), uploaded);
      expect(await store.getFile(digestOf("idle"))).toEqual({
        ...file("idle"),
        created_at: new Date(uploaded).toISOString(),
      });
      const id = await make.take(await make.session(), { inputs: [digestOf("read")] });
      await store.addFile(file("again"), uploaded + 50);
      expect(await store.forgetFiles(uploaded + 50)).toBe(1);
      expect(await store.getFile(digestOf("idle"))).toBeNull();
      expect(await store.referencedBlobs()).toEqual(new Set([digestOf("read"), digestOf("again")]));
      await store.cancelTake(id, make.now());
      await store.deleteTake(id, make.now());
      expect(await store.forgetFiles(uploaded + 51)).toBe(2);
      expect(await store.referencedBlobs()).toEqual(new Set());
    });
  });
}
