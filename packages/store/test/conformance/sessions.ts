import { describe, expect, test } from "vitest";
import { sessionSchema } from "@arc-fabric/contract";
import type { Subject } from "../store-conformance.ts";

export function describeSessions(subject: Subject): void {
  describe("sessions", () => {
    test("a created session is read back as the contract describes it", async () => {
      const { store, make } = subject;
      const created = await store.createSession({
        id: make.id("ses"),
        title: "Löwe 🦁",
        nowMs: make.now(),
      });
      expect(sessionSchema.parse(created)).toMatchObject({
        title: "Löwe 🦁",
        take_count: 0,
        last_seq: 1,
      });
      expect(await store.getSession(created.id)).toEqual(created);
      expect(await store.getSession(make.id("ses"))).toBeNull();
    });

    test("a create that is repeated under its key returns the first session and makes no other", async () => {
      const { store, make, announced } = subject;
      const record = { key: "sessions k1", fingerprint: "f" };
      const first = await store.createSession(
        { id: make.id("ses"), title: "One", nowMs: make.now() },
        record,
      );
      const again = await store.createSession(
        { id: make.id("ses"), title: "One", nowMs: make.now() },
        record,
      );
      expect(again).toEqual(first);
      expect(announced).toHaveLength(1);
    });

    test("renaming changes the title and tells of it; a session that is not there gives null", async () => {
      const { store, make, announced } = subject;
      const id = await make.session("Old");
      expect(await store.updateSession(id, { title: "New" }, make.now())).toMatchObject({
        id,
        title: "New",
        last_seq: 2,
      });
      expect(announced.at(-1)).toMatchObject({
        type: "session.renamed",
        data: { title: "New" },
        session_id: id,
        seq: 2,
      });
      expect(await store.updateSession(make.id("ses"), { title: "New" }, make.now())).toBeNull();
    });

    test("counts its takes and carries the number of its newest event", async () => {
      const { store, make } = subject;
      const id = await make.session();
      await make.take(id);
      await make.take(id);
      expect(await store.getSession(id)).toMatchObject({ take_count: 2, last_seq: 3 });
    });

    test("pages go through all sessions in both orders, without one twice", async () => {
      const { store, make } = subject;
      const ids = [];
      for (let i = 0; i < 5; i++) ids.push(await make.session(`S${i}`));
      const first = await store.listSessions({ limit: 2, order: "asc" });
      expect(first).toMatchObject({ items: [{ id: ids[0] }, { id: ids[1] }], hasMore: true });
      const last = await store.listSessions({ limit: 3, order: "asc", after: ids[1] });
      expect(last).toMatchObject({
        items: [{ id: ids[2] }, { id: ids[3] }, { id: ids[4] }],
        hasMore: false,
      });
      const newest = await store.listSessions({ limit: 2, order: "desc", after: ids[4] });
      expect(newest).toMatchObject({ items: [{ id: ids[3] }, { id: ids[2] }], hasMore: true });
    });

    test("a cursor that names nothing is refused", async () => {
      const { store, make } = subject;
      await expect(
        store.listSessions({ limit: 2, order: "asc", after: make.id("ses") }),
      ).rejects.toMatchObject({ code: "invalid_cursor" });
      await expect(
        store.listTakes({}, { limit: 2, order: "asc", after: "'; drop table takes" }),
      ).rejects.toMatchObject({ code: "invalid_cursor" });
    });

    test("deleting takes everything of the session with it, but not while a take is unfinished", async () => {
      const { store, make } = subject;
      const id = await make.session();
      const other = await make.session();
      const take = await make.take(id);
      await expect(store.deleteSession(id)).rejects.toMatchObject({ code: "session_active" });
      const claim = await make.claim();
      await store.addState(claim, make.state(1), make.now());
      await expect(store.deleteSession(id)).rejects.toMatchObject({ code: "session_active" });
      await store.cancelTake(take, make.now());

      const position = await store.lastPosition();
      expect(await store.deleteSession(id)).toBe(true);
      expect(await store.deleteSession(id)).toBe(false);
      expect(await store.getTake(take)).toBeNull();
      expect(await store.listStates(take)).toEqual([]);
      expect(await store.readSessionEvents(id, 0, 100)).toBeNull();
      expect(await store.readEvents(0, 100)).toMatchObject([{ session_id: other }]);
      expect(await store.referencedBlobs()).toEqual(new Set());
      expect(await store.counts()).toMatchObject({ queued: 0, running: 0, cancelled: 0 });
      expect(await store.lastPosition()).toBe(position);
    });
  });
}
