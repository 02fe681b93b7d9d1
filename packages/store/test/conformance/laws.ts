import fc from "fast-check";
import { expect, test } from "vitest";
import { type FabricError, type SessionId, type TakeId, TAKE_STATUSES } from "@arc-fabric/contract";
import type { Claim, Store } from "@arc-fabric/core";
import { ENVIRONMENT, Maker, testSystem, TOTAL_STEPS } from "../support/fixtures.ts";

const OPERATIONS = [
  "create",
  "createUrgent",
  "fork",
  "claim",
  "state",
  "adopt",
  "drop",
  "requeue",
  "requeueAll",
  "preempt",
  "pause",
  "pauseClaimed",
  "resume",
  "prioritize",
  "complete",
  "fail",
  "cancel",
  "delete",
  "thin",
  "copySession",
  "stale",
] as const;
type Operation = (typeof OPERATIONS)[number];

/** Any sequence of operations, several of them at once, keeps what the API relies on. */
export function describeLaws(
  open: (system: ReturnType<typeof testSystem>) => Promise<Store>,
): void {
  test(
    "after any operations: sequences are gapless, counts and places are true, one epoch writes",
    { timeout: 60_000 },
    async () => {
      const batches = fc.array(
        fc.array(fc.tuple(fc.constantFrom(...OPERATIONS), fc.nat(9)), {
          minLength: 1,
          maxLength: 4,
        }),
        { maxLength: 30, size: "max" },
      );
      await fc.assert(
        fc.asyncProperty(batches, async (plan) => {
          const system = testSystem();
          const store = await open(system);
          const run = new Run(new Maker(store, system));
          await run.start();
          for (const batch of plan)
            await Promise.all(batch.map(([operation, pick]) => run.do(operation, pick)));
          await run.check();
          await store.close();
        }),
        { numRuns: 25 },
      );
    },
  );
}

class Run {
  readonly make: Maker;
  readonly takes: TakeId[] = [];
  readonly claims: Claim[] = [];
  readonly #sessions: SessionId[] = [];

  constructor(make: Maker) {
    this.make = make;
  }

  async start(): Promise<void> {
    for (const title of ["One", "Two"]) this.#sessions.push(await this.make.session(title));
  }

  async do(operation: Operation, pick: number): Promise<void> {
    const { store } = this.make;
    const now = this.make.now();
    const id = this.takes[pick % (this.takes.length || 1)];
    const claim = operation === "stale" ? this.claims[0] : this.claims.at(-1 - (pick % 2));
    switch (operation) {
      case "create":
        this.takes.push(await this.make.take(this.#session(pick)));
        return;
      case "createUrgent":
        this.takes.push(await this.make.take(this.#session(pick), { priority: 1 + (pick % 2) }));
        return;
      case "claim": {
        const next = await store.claimNext(now);
        if (next) this.claims.push(next);
        return;
      }
      case "requeueAll":
        await store.requeueRunning("law", now);
        return;
      case "thin":
        await store.thinStates(
          { sessionId: null, keepEvery: 2 + pick, dryRun: false, untilBytes: null },
          now,
        );
        return;
      case "copySession":
        await this.#copySession(pick).catch(codes("session_active"));
        return;
      default:
        if (id) await this.#change(operation, id, pick, now);
        if (claim) await this.#write(operation, claim, pick, now);
    }
  }

  #session(pick: number): SessionId {
    return this.#sessions[pick % this.#sessions.length]!;
  }

  async #change(operation: Operation, id: TakeId, pick: number, now: number): Promise<void> {
    const { store } = this.make;
    switch (operation) {
      case "fork": {
        const inherit = { takeId: id, step: 1 + (pick % 3) };
        const child = this.make.take(this.#session(pick), { parentId: id, inherit });
        await child.then(
          (taken) => void this.takes.push(taken),
          codes("take_not_found", "state_not_found"),
        );
        return;
      }
      case "pause":
        await store.pauseTake(id, now).catch(codes("take_not_active", "take_not_found"));
        return;
      case "resume":
        await store.resumeTake(id, now).catch(codes("take_not_paused", "take_not_found"));
        return;
      case "prioritize":
        await store.updateTake(id, { priority: pick % 3 }, now);
        return;
      case "cancel":
        await store.cancelTake(id, now).catch(codes("take_not_active", "take_not_found"));
        return;
      case "delete":
        await store.deleteTake(id, now).catch(codes("take_active", "take_in_use"));
        return;
      default:
    }
  }

  async #write(operation: Operation, claim: Claim, pick: number, now: number): Promise<void> {
    const { store } = this.make;
    const error = {
      code: "internal" as const,
      message: "",
      remedy: "",
      retryable: false,
      details: {},
    };
    switch (operation) {
      case "requeue":
        return void (await store.requeueTake(claim, "law", now));
      case "preempt":
        return void (await store.preemptTake(claim, null, now));
      case "pauseClaimed":
        return void (await store.pauseClaimed(claim, now));
      case "complete":
        return void (await store.completeTake(claim, now));
      case "fail":
        return void (await store.failTake(claim, error, now));
      case "drop":
        return store.dropState(claim, 1 + (pick % 4));
      case "adopt":
        return this.#adopt(claim, now);
      case "state":
      case "stale":
        return void (await store.addState(claim, this.make.state(1 + (pick % 4)), now));
      default:
    }
  }

  async #adopt(claim: Claim, now: number): Promise<void> {
    const { store } = this.make;
    const derivations = Array.from(
      { length: TOTAL_STEPS },
      (_, index) => `derivation ${index + 1}`,
    );
    const prefix = await store.findPrefix(derivations, ENVIRONMENT, claim.take.id);
    if (prefix) await store.adoptPrefix(claim, prefix, now);
  }

  async #copySession(pick: number): Promise<void> {
    const { make } = this;
    const records = await make.store.exportSession(this.#session(pick));
    const copy = await make.store.importSession(
      JSON.parse(JSON.stringify(records)),
      make.now(),
      make.newIds(),
    );
    this.#sessions.push(copy.id);
  }

  async check(): Promise<void> {
    const { store } = this.make;
    for (const session of this.#sessions) {
      const events = (await store.readSessionEvents(session, 0, 10_000))!;
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    }
    const { items } = await store.listTakes({}, { limit: 1000, order: "asc" });
    const counts = await store.counts();
    for (const status of TAKE_STATUSES)
      expect([status, counts[status]]).toEqual([
        status,
        items.filter((take) => take.status === status).length,
      ]);
    const queued = items.filter(({ status }) => status === "queued");
    const places = queued.map(({ queue_position }) => queue_position);
    expect(places.toSorted((a, b) => a! - b!)).toEqual(places.map((_, index) => index + 1));
    const blobs = await store.referencedBlobs();
    for (const take of items) {
      expect((await store.getTake(take.id))?.queue_position).toBe(take.queue_position);
      const states = await store.listStates(take.id);
      expect(states.at(-1)?.step ?? 0).toBe(take.progress.step);
      expect(take.steps_reused).toBeLessThanOrEqual(take.progress.step);
      for (const { digest } of states) expect(blobs.has(digest)).toBe(true);
      if (take.pause_requested) expect(take.status).toBe("running");
      if (take.parent_id) expect(items.some(({ id }) => id === take.parent_id)).toBe(true);
    }
    await this.#checkOrder(queued.length);
  }

  /** Whatever waits is claimed in the order that its places tell, higher priorities first. */
  async #checkOrder(length: number): Promise<void> {
    const { store } = this.make;
    let priority = Number.POSITIVE_INFINITY;
    for (let left = length; left > 0; left--) {
      const next = await store.peekNext();
      expect(next).not.toBeNull();
      expect(await store.getTake(next!.id)).toMatchObject({ queue_position: 1 });
      expect(next!.priority).toBeLessThanOrEqual(priority);
      priority = next!.priority;
      expect((await store.claimNext(this.make.now()))?.take.id).toBe(next!.id);
    }
    expect(await store.claimNext(this.make.now())).toBeNull();
  }
}

function codes(...allowed: string[]): (error: FabricError) => void {
  return (error) => {
    if (!allowed.includes(error.code)) throw error;
  };
}
