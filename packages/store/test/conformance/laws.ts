import fc from "fast-check";
import { expect, test } from "vitest";
import { type FabricError, type TakeId, TAKE_STATUSES } from "@arc-fabric/contract";
import type { Claim, Store } from "@arc-fabric/core";
import { Maker, testSystem } from "../support/fixtures.ts";

const OPERATIONS = [
  "create",
  "claim",
  "state",
  "requeue",
  "requeueAll",
  "complete",
  "fail",
  "cancel",
  "delete",
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
        { maxLength: 25 },
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
  #session!: Awaited<ReturnType<Maker["session"]>>;

  constructor(make: Maker) {
    this.make = make;
  }

  async start(): Promise<void> {
    this.#session = await this.make.session();
  }

  async do(operation: Operation, pick: number): Promise<void> {
    const { store } = this.make;
    const now = this.make.now();
    const id = this.takes[pick % (this.takes.length || 1)];
    const claim = operation === "stale" ? this.claims[0] : this.claims.at(-1 - (pick % 2));
    switch (operation) {
      case "create":
        this.takes.push(await this.make.take(this.#session));
        return;
      case "claim": {
        const next = await store.claimNext(now);
        if (next) this.claims.push(next);
        return;
      }
      case "requeueAll":
        await store.requeueRunning("law", now);
        return;
      case "cancel":
        if (id) await store.cancelTake(id, now).catch(codes("take_not_active", "take_not_found"));
        return;
      case "delete":
        if (id) await store.deleteTake(id, now).catch(codes("take_active"));
        return;
      default:
        if (claim) await this.#write(operation, claim, pick, now);
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
    if (operation === "requeue") await store.requeueTake(claim, "law", now);
    else if (operation === "complete") await store.completeTake(claim, now);
    else if (operation === "fail") await store.failTake(claim, error, now);
    else await store.addState(claim, this.make.state(1 + (pick % 4)), now);
  }

  async check(): Promise<void> {
    const { store } = this.make;
    const events = (await store.readSessionEvents(this.#session, 0, 10_000))!;
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    const { items } = await store.listTakes({}, { limit: 1000, order: "asc" });
    const counts = await store.counts();
    for (const status of TAKE_STATUSES)
      expect([status, counts[status]]).toEqual([
        status,
        items.filter((take) => take.status === status).length,
      ]);
    const places = items
      .filter(({ status }) => status === "queued")
      .map(({ queue_position }) => queue_position);
    expect(places.toSorted((a, b) => a! - b!)).toEqual(places.map((_, index) => index + 1));
    for (const take of items) {
      expect((await store.getTake(take.id))?.queue_position).toBe(take.queue_position);
      expect((await store.latestState(take.id))?.step ?? 0).toBe(take.progress.step);
    }
    const next = items.find(({ queue_position }) => queue_position === 1);
    expect((await store.claimNext(this.make.now()))?.take.id).toBe(next?.id);
  }
}

function codes(...allowed: string[]): (error: FabricError) => void {
  return (error) => {
    if (!allowed.includes(error.code)) throw error;
  };
}
