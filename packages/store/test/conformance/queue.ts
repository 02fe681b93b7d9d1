import { describe, expect, test } from "vitest";
import { takeSchema, type SessionId, type TakeId } from "@arc-fabric/contract";
import type { Subject } from "../store-conformance.ts";

export function describeQueue(subject: Subject): void {
  /** Claims everything that waits; the names of the takes in the order of their runs. */
  async function order(names: ReadonlyMap<TakeId, string>): Promise<string> {
    const { store, make } = subject;
    const run = [];
    for (let claim; (claim = await store.claimNext(make.now()));)
      run.push(names.get(claim.take.id));
    return run.join(" ");
  }

  /** A take per letter, in the session of that letter. */
  async function create(text: string): Promise<Map<TakeId, string>> {
    const { make } = subject;
    const sessions = new Map<string, SessionId>();
    const names = new Map<TakeId, string>();
    for (const name of text.split(" ")) {
      const letter = name[0]!;
      if (!sessions.has(letter)) sessions.set(letter, await make.session(letter));
      names.set(await make.take(sessions.get(letter)!), name);
    }
    return names;
  }

  describe("order of the queue", () => {
    test("a session that sends many takes lets those of others in between", async () => {
      expect(await order(await create("a1 a2 a3 a4 b1 b2 c1"))).toBe("a1 b1 c1 a2 b2 a3 a4");
    });

    test("a session that comes late begins at the present turn, and does not hold up who waits", async () => {
      const { make, store } = subject;
      const names = await create("a1 a2 a3 a4 a5");
      for (let i = 0; i < 3; i++) await make.claim();
      const b = await make.session("b");
      names.set(await make.take(b), "b1").set(await make.take(b), "b2");
      expect(await order(names)).toBe("a4 b1 a5 b2");
      expect(await store.peekNext()).toBeNull();
    });

    test("sessions that send a take whenever one begins take turns for ever", async () => {
      const { make } = subject;
      const sessions = [await make.session("a"), await make.session("b")];
      const names = new Map<TakeId, string>();
      for (const [index, session] of sessions.entries())
        for (let i = 0; i < 2; i++) names.set(await make.take(session), "ab"[index]!);
      let run = "";
      for (let i = 0; i < 12; i++) {
        const { take } = await make.claim();
        const name = names.get(take.id)!;
        run += name;
        names.set(await make.take(sessions["ab".indexOf(name)]!), name);
      }
      expect(run).toBe("ab".repeat(6));
    });

    test("a higher priority runs before, whatever its turn; peekNext tells it", async () => {
      const { make, store } = subject;
      const session = await make.session();
      const low = await make.take(session, { priority: -1 });
      const usual = await make.take(session);
      const high = await make.take(session, { priority: 5 });
      expect(await store.peekNext()).toEqual({ id: high, priority: 5 });
      const places = [low, usual, high].map(
        async (id) => (await store.getTake(id))?.queue_position,
      );
      expect(await Promise.all(places)).toEqual([3, 2, 1]);
      expect((await make.claim()).take.id).toBe(high);
      expect(await store.peekNext()).toEqual({ id: usual, priority: 0 });
    });

    test("a create tells the take's true place among other priorities, turns and interrupted ones", async () => {
      const { make, store } = subject;
      const [a, b] = [await make.session(), await make.session()];
      for (let i = 0; i < 4; i++) await make.take(a);
      await make.claim();
      await store.requeueRunning("Stopped.", make.now());
      const late = [
        await store.createTake(make.newTake(b), null),
        await store.createTake(make.newTake(b, { priority: 1 }), null),
        await store.createTake(make.newTake(a, { priority: -3 }), null),
      ];
      expect(late.map(({ take }) => take.queue_position)).toEqual([3, 1, 7]);
      for (const { take } of late)
        expect((await store.getTake(take.id))?.queue_position).toBeGreaterThanOrEqual(1);
      expect(await store.getTake(late[2]!.take.id)).toMatchObject({ queue_position: 7 });
    });

    test("a waiting take that gets another priority moves; the change is told", async () => {
      const { make, store, announced } = subject;
      const session = await make.session();
      const [first, second] = [await make.take(session), await make.take(session)];
      const changed = await store.updateTake(second, { priority: 2 }, make.now());
      expect(changed).toMatchObject({ priority: 2, queue_position: 1 });
      expect(announced.at(-1)).toMatchObject({
        type: "take.changed",
        data: { take_id: second, priority: 2, title: null, tags: [] },
      });
      await store.updateTake(second, { priority: 0 }, make.now());
      expect((await store.getTake(first))?.queue_position).toBe(1);
    });
  });

  describe("pause, resume, preempt", () => {
    test("a queued take pauses at once and comes back at the front", async () => {
      const { make, store, announced } = subject;
      const session = await make.session();
      const [first, second] = [await make.take(session), await make.take(session)];
      expect(takeSchema.parse(await store.pauseTake(second, make.now()))).toMatchObject({
        status: "paused",
        queue_position: null,
        pause_requested: false,
      });
      expect(announced.at(-1)).toMatchObject({ type: "take.paused", data: { last_step: 0 } });
      const before = announced.length;
      expect(await store.pauseTake(second, make.now())).toMatchObject({ status: "paused" });
      expect(announced).toHaveLength(before);
      expect(await store.resumeTake(second, make.now())).toMatchObject({
        status: "queued",
        queue_position: 1,
      });
      expect(announced.at(-1)).toMatchObject({ type: "take.resumed" });
      expect((await store.getTake(first))?.queue_position).toBe(2);
      expect(await store.counts()).toMatchObject({ queued: 2, paused: 0 });
    });

    test("a running take is marked and keeps working until whoever runs it pauses it", async () => {
      const { make, store, announced } = subject;
      const id = await make.take(await make.session());
      const claim = await make.claim();
      expect(await store.pauseTake(id, make.now())).toMatchObject({
        status: "running",
        pause_requested: true,
      });
      expect(announced.at(-1)).toMatchObject({ type: "take.pause_requested" });
      expect(await store.pauseTake(id, make.now())).toMatchObject({ pause_requested: true });
      expect(announced.filter(({ type }) => type === "take.pause_requested")).toHaveLength(1);
      expect(await store.addState(claim, make.state(1), make.now())).toBe(true);
      expect(await store.pauseClaimed(claim, make.now())).toBe(true);
      expect(announced.at(-1)).toMatchObject({ type: "take.paused", data: { last_step: 1 } });
      expect(await store.getTake(id)).toMatchObject({ status: "paused", pause_requested: false });
      expect(await store.addState(claim, make.state(2), make.now())).toBe(false);
      expect(await store.pauseClaimed(claim, make.now())).toBe(false);
      await store.resumeTake(id, make.now());
      expect((await make.claim()).take.progress.step).toBe(1);
    });

    test("a pause that is taken back in time is none, and one that is taken back too late goes on by itself", async () => {
      const { make, store, announced } = subject;
      const id = await make.take(await make.session());
      const claim = await make.claim();
      await store.pauseTake(id, make.now());
      expect(await store.resumeTake(id, make.now())).toMatchObject({
        status: "running",
        pause_requested: false,
      });
      expect(announced.at(-1)).toMatchObject({ type: "take.resumed" });
      await store.pauseClaimed(claim, make.now());
      expect(announced.slice(-2).map(({ type }) => type)).toEqual(["take.paused", "take.resumed"]);
      expect(await store.getTake(id)).toMatchObject({ status: "queued", queue_position: 1 });
    });

    test("a server that dies before it honours a pause finds the take paused", async () => {
      const { make, store, announced } = subject;
      const session = await make.session();
      const [marked, other] = [await make.take(session), await make.take(session)];
      const claim = await make.claim();
      await make.claim();
      await store.addState(claim, make.state(1), make.now());
      await store.pauseTake(marked, make.now());
      await store.requeueRunning("Killed.", make.now());
      expect(await store.getTake(marked)).toMatchObject({ status: "paused", resumes: 1 });
      expect(await store.getTake(other)).toMatchObject({ status: "queued", resumes: 1 });
      const told = announced.filter(({ data }) => "take_id" in data && data.take_id === marked);
      expect(told.slice(-2).map(({ type }) => type)).toEqual(["take.interrupted", "take.paused"]);
    });

    test("a lost worker and a preemption honour the mark too", async () => {
      const { make, store } = subject;
      const session = await make.session();
      const [lost, preempted] = [await make.take(session), await make.take(session)];
      const claims = [await make.claim(), await make.claim()];
      for (const id of [lost, preempted]) await store.pauseTake(id, make.now());
      await store.requeueTake(claims[0]!, "Lost.", make.now());
      await store.preemptTake(claims[1]!, null, make.now());
      for (const id of [lost, preempted])
        expect(await store.getTake(id)).toMatchObject({ status: "paused", pause_requested: false });
    });

    test("a preempted take goes to the front of its priority and loses no step", async () => {
      const { make, store, announced } = subject;
      const session = await make.session();
      const [running, waiting] = [await make.take(session), await make.take(session)];
      const claim = await make.claim();
      await store.addState(claim, make.state(1), make.now());
      const urgent = await make.take(session, { priority: 3 });
      expect(await store.preemptTake(claim, urgent, make.now())).toBe(true);
      expect(announced.at(-1)).toMatchObject({
        type: "take.preempted",
        data: { take_id: running, last_step: 1, by_take_id: urgent },
      });
      expect(await store.getTake(running)).toMatchObject({ resumes: 0, progress: { step: 1 } });
      const order = [await make.claim(), await make.claim(), await make.claim()];
      expect(order.map(({ take }) => take.id)).toEqual([urgent, running, waiting]);
      expect(await store.preemptTake(claim, null, make.now())).toBe(false);
    });

    test("what cannot be paused or resumed is refused by name", async () => {
      const { make, store } = subject;
      const id = await make.take(await make.session());
      const refused = async (work: Promise<unknown>, code: string) =>
        expect(work).rejects.toMatchObject({ code });
      await refused(store.resumeTake(id, make.now()), "take_not_paused");
      await make.claim();
      await refused(store.resumeTake(id, make.now()), "take_not_paused");
      await store.cancelTake(id, make.now());
      await refused(store.pauseTake(id, make.now()), "take_not_active");
      await refused(store.resumeTake(id, make.now()), "take_not_paused");
      await refused(store.pauseTake(make.id("take"), make.now()), "take_not_found");
      await refused(store.resumeTake(make.id("take"), make.now()), "take_not_found");
    });

    test("a paused or marked take is cancelled at once, and its mark goes with it", async () => {
      const { make, store } = subject;
      const session = await make.session();
      const [paused, marked] = [await make.take(session), await make.take(session)];
      await store.pauseTake(paused, make.now());
      await make.claim();
      await store.pauseTake(marked, make.now());
      for (const id of [paused, marked])
        expect(await store.cancelTake(id, make.now())).toMatchObject({
          status: "cancelled",
          pause_requested: false,
        });
    });
  });
}
