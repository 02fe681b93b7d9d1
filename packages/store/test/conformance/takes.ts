import { describe, expect, test } from "vitest";
import { takeSchema } from "@arc-fabric/contract";
import type { Subject } from "../store-conformance.ts";
import { PARAMETERS, PLAN, TOTAL_STEPS } from "../support/fixtures.ts";

export function describeTakes(subject: Subject): void {
  describe("takes", () => {
    test("a created take is read back as the contract describes it", async () => {
      const { store, make, announced } = subject;
      const session = await make.session();
      const { take, replayed } = await store.createTake(make.newTake(session), null);
      expect(replayed).toBe(false);
      expect(takeSchema.parse(take)).toMatchObject({
        session_id: session,
        status: "queued",
        parameters: PARAMETERS,
        plan: PLAN,
        progress: {
          phase: "queued",
          step: 0,
          total_steps: TOTAL_STEPS,
          step_seconds: null,
          remaining_seconds: null,
        },
        queue_position: 1,
        error: null,
        artifacts: [],
        started_at: null,
      });
      expect(await store.getTake(take.id)).toEqual(take);
      expect(await store.getTake(make.id("take"))).toBeNull();
      expect(announced.at(-1)).toMatchObject({
        type: "take.queued",
        data: { take_id: take.id },
        session_id: session,
        seq: 2,
      });
    });

    test("a take may bring its session with it, in one transaction", async () => {
      const { store, make, announced } = subject;
      const sessionId = make.id("ses");
      const { take } = await store.createTake(
        make.newTake(sessionId, { newSessionTitle: "By its prompt" }),
        null,
      );
      expect(await store.getSession(sessionId)).toMatchObject({
        title: "By its prompt",
        take_count: 1,
        last_seq: 2,
      });
      await store.createTake(make.newTake(sessionId, { newSessionTitle: "Another title" }), null);
      expect(await store.getSession(sessionId)).toMatchObject({
        title: "By its prompt",
        take_count: 2,
      });
      expect(announced.map(({ type }) => type)).toEqual([
        "session.created",
        "take.queued",
        "take.queued",
      ]);
      expect(take.session_id).toBe(sessionId);
    });

    test("a session that is not there is refused and nothing is left", async () => {
      const { store, make, announced } = subject;
      const newTake = make.newTake(make.id("ses"));
      await expect(store.createTake(newTake, { key: "k", fingerprint: "f" })).rejects.toMatchObject(
        { code: "session_not_found" },
      );
      expect(await store.getTake(newTake.id)).toBeNull();
      expect(await store.counts()).toMatchObject({ queued: 0 });
      expect(announced).toEqual([]);
      const session = await make.session();
      expect(
        (await store.createTake(make.newTake(session), { key: "k", fingerprint: "f" })).replayed,
      ).toBe(false);
    });

    test("one take more than the queue holds is refused with the time to come back", async () => {
      const { store, make } = subject;
      const session = await make.session();
      await make.take(session, { maxQueued: 2 });
      await make.take(session, { maxQueued: 2 });
      await expect(make.take(session, { maxQueued: 2 })).rejects.toMatchObject({
        code: "queue_full",
        details: { max_queued: 2, retry_after_s: expect.any(Number) },
      });
      await store.claimNext(make.now());
      await make.take(session, { maxQueued: 2 });
      expect(await store.counts()).toMatchObject({ queued: 2, running: 1 });
    });

    test("of creates that arrive together, each fails or succeeds on its own", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const nobody = make.id("ses");
      const outcomes = await Promise.allSettled([
        make.take(session),
        make.take(nobody),
        make.take(session, { maxQueued: 1 }),
        make.take(session),
      ]);
      expect(
        outcomes.map((outcome) => (outcome.status === "fulfilled" ? "ok" : outcome.reason.code)),
      ).toEqual(["ok", "session_not_found", "queue_full", "ok"]);
      expect(await store.getSession(session)).toMatchObject({ take_count: 2, last_seq: 3 });
    });

    test("pages restrict by session and status", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const other = await make.session();
      const ids = [await make.take(session), await make.take(session), await make.take(session)];
      const elsewhere = await make.take(other);
      await store.cancelTake(ids[1]!, make.now());
      const queued = await store.listTakes(
        { sessionId: session, status: ["queued", "running"] },
        { limit: 10, order: "desc" },
      );
      expect(queued.items.map((take) => [take.id, take.queue_position])).toEqual([
        [ids[2], 3],
        [ids[0], 1],
      ]);
      const all = await store.listTakes({}, { limit: 3, order: "asc", after: ids[0] });
      expect(all.items.map((take) => [take.id, take.queue_position])).toEqual([
        [ids[1], null],
        [ids[2], 3],
        [elsewhere, 2],
      ]);
      expect(all.hasMore).toBe(false);
      expect(await store.listTakes({ status: ["completed"] }, { limit: 3, order: "asc" })).toEqual({
        items: [],
        hasMore: false,
      });
    });

    test("a finished take is deleted with all it has, tells of it, and an unfinished one is refused", async () => {
      const { store, make, announced } = subject;
      const session = await make.session();
      const id = await make.take(session);
      await expect(store.deleteTake(id, make.now())).rejects.toMatchObject({ code: "take_active" });
      const claim = await make.claim();
      await store.addState(claim, make.state(1), make.now());
      await expect(store.deleteTake(id, make.now())).rejects.toMatchObject({ code: "take_active" });
      await store.completeTake(claim, make.now());
      expect(await store.deleteTake(id, make.now())).toBe(true);
      expect(await store.deleteTake(id, make.now())).toBe(false);
      expect(await store.latestState(id)).toBeNull();
      expect(await store.counts()).toMatchObject({ completed: 0 });
      expect(announced.at(-1)).toMatchObject({ type: "take.deleted", data: { take_id: id } });
      const events = await store.readSessionEvents(session, 0, 100);
      expect(events?.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    });

    test("cancelling is at once in every unfinished status, and refused after", async () => {
      const { store, make, announced } = subject;
      const session = await make.session();
      const running = await make.take(session);
      const queued = await make.take(session);
      await make.claim();
      expect(await store.cancelTake(queued, make.now())).toMatchObject({
        status: "cancelled",
        queue_position: null,
        finished_at: expect.any(String),
      });
      expect(await store.cancelTake(running, make.now())).toMatchObject({ status: "cancelled" });
      expect(announced.at(-1)).toMatchObject({
        type: "take.cancelled",
        data: { take_id: running, last_step: 0 },
      });
      await expect(store.cancelTake(running, make.now())).rejects.toMatchObject({
        code: "take_not_active",
      });
      await expect(store.cancelTake(make.id("take"), make.now())).rejects.toMatchObject({
        code: "take_not_found",
      });
      expect(await store.claimNext(make.now())).toBeNull();
    });

    test("log lines are kept apart from events, newest up to the limit, oldest first", async () => {
      const { store, make, announced } = subject;
      const id = await make.take(await make.session());
      const lines = [0, 1, 2].map((n) => ({
        at: new Date(make.now()).toISOString(),
        level: "info" as const,
        source: "worker" as const,
        message: `line ${n}`,
      }));
      const before = announced.length;
      await store.addLogLines(id, lines);
      await store.addLogLines(id, []);
      await store.addLogLines(make.id("take"), lines);
      expect(await store.listLogLines(id, 2)).toEqual(lines.slice(1));
      expect(announced).toHaveLength(before);
    });

    test("a flood of log lines leaves the newest 2,000", async () => {
      const { store, make } = subject;
      const id = await make.take(await make.session());
      const at = new Date(make.now()).toISOString();
      const line = (n: number) => ({
        at,
        level: "info" as const,
        source: "worker" as const,
        message: String(n),
      });
      await store.addLogLines(
        id,
        Array.from({ length: 1500 }, (_, n) => line(n)),
      );
      await store.addLogLines(
        id,
        Array.from({ length: 1000 }, (_, n) => line(1500 + n)),
      );
      const kept = await store.listLogLines(id, 10_000);
      expect([kept.length, kept[0]?.message, kept.at(-1)?.message]).toEqual([2000, "500", "2499"]);
    });
  });

  describe("idempotency", () => {
    const record = { key: "takes k", fingerprint: "one request" };

    test("a create repeated under its key returns the first take as it is now, and makes no other", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const { take } = await store.createTake(make.newTake(session), record);
      const claim = await make.claim();
      const again = await store.createTake(make.newTake(session, { maxQueued: 0 }), record);
      expect(again).toMatchObject({ replayed: true, take: { id: take.id, status: "running" } });
      expect(claim.take.id).toBe(take.id);
      expect(await store.getSession(session)).toMatchObject({ take_count: 1 });
    });

    test("creates under one key that arrive together make one take", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const results = await Promise.all(
        [1, 2, 3].map(() => store.createTake(make.newTake(session), record)),
      );
      expect(new Set(results.map(({ take }) => take.id)).size).toBe(1);
      expect(results.map(({ replayed }) => replayed)).toEqual([false, true, true]);
    });

    test("another request under the key is refused", async () => {
      const { make } = subject;
      const session = await make.session();
      await make.take(session, {}, record);
      await expect(
        make.take(session, {}, { key: record.key, fingerprint: "another" }),
      ).rejects.toMatchObject({ code: "idempotency_key_reused" });
    });

    test("a key is forgotten after 24 hours, not before", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const first = await make.take(session, {}, record);
      make.system.advance(24 * 3_600_000 - 1000);
      expect((await store.createTake(make.newTake(session), record)).take.id).toBe(first);
      make.system.advance(1000);
      expect((await store.createTake(make.newTake(session), record)).replayed).toBe(false);
    });

    test("the key of a take that was deleted does not make it again", async () => {
      const { store, make } = subject;
      const session = await make.session();
      const id = await make.take(session, {}, record);
      await store.cancelTake(id, make.now());
      await store.deleteTake(id, make.now());
      await expect(make.take(session, {}, record)).rejects.toMatchObject({
        code: "take_not_found",
      });
    });
  });
}
