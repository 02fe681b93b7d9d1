import fc from "fast-check";
import { expect, test } from "vitest";
import type { FabricError, SessionId, TakeId } from "@arc-fabric/contract";
import type { Claim, Store } from "@arc-fabric/core";
import { Maker, testSystem } from "../support/fixtures.ts";
import { QueueModel } from "./queue-model.ts";

const OPERATIONS = [
  "create",
  "claim",
  "derive",
  "pause",
  "resume",
  "pauseClaimed",
  "preempt",
  "requeue",
  "requeueAll",
  "complete",
  "cancel",
  "prioritize",
  "delete",
] as const;
/** Takes come and go often enough that sessions wait for several turns. */
const OFTEN = [...OPERATIONS, ...Array<"create">(5).fill("create"), "claim", "claim"] as const;
type Operation = (typeof OPERATIONS)[number];
type Step = readonly [Operation, number, number];

/** The store beside a simple model: every operation has the same outcome, and the queue the same order. */
export function describeModel(
  open: (system: ReturnType<typeof testSystem>) => Promise<Store>,
): void {
  test(
    "takes pause, resume, are preempted, take turns and are deleted as in a simple model",
    { timeout: 60_000 },
    async () => {
      const step = fc.tuple(
        fc.constantFrom(...OFTEN),
        fc.nat(11),
        fc.constantFrom(0, 0, 0, 0, 1, -1),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
          const system = testSystem();
          const store = await open(system);
          const pair = new Pair(new Maker(store, system));
          await pair.start();
          for (const one of steps) await pair.do(one);
          await pair.compare();
          await store.close();
        }),
        { numRuns: 40 },
      );
    },
  );
}

class Pair {
  readonly #make: Maker;
  readonly #model = new QueueModel();
  readonly #takes: TakeId[] = [];
  readonly #claims = new Map<TakeId, Claim>();
  readonly #sessions: SessionId[] = [];

  constructor(make: Maker) {
    this.#make = make;
  }

  async start(): Promise<void> {
    for (const title of ["One", "Two", "Three"])
      this.#sessions.push(await this.#make.session(title));
  }

  async do([operation, pick, priority]: Step): Promise<void> {
    const id = this.#takes[pick % (this.#takes.length || 1)];
    if (operation === "create") return this.#create(pick, priority, null);
    if (operation === "claim") return this.#claim();
    if (operation === "requeueAll") {
      const requeued = await this.#make.store.requeueRunning("law", this.#make.now());
      expect(requeued).toEqual(this.#model.giveAllBack());
    } else if (id) await this.#touch(operation, id, pick, priority);
  }

  async #create(pick: number, priority: number, parentId: TakeId | null): Promise<void> {
    const sessionId = this.#sessions[pick % 3]!;
    const take = this.#make.newTake(sessionId, { priority, parentId });
    if (parentId !== null && !this.#model.find(parentId)) {
      expect(await outcome(this.#make.store.createTake(take, null))).toBe("take_not_found");
      return;
    }
    const { take: created } = await this.#make.store.createTake(take, null);
    this.#model.create({ id: created.id, session: sessionId, parent: parentId, priority });
    this.#takes.push(created.id);
    const place = this.#model.queue().findIndex(({ id }) => id === created.id) + 1;
    expect(created.queue_position).toBe(place);
  }

  async #claim(): Promise<void> {
    const { store } = this.#make;
    const next = (await store.peekNext())?.id ?? null;
    const claim = await store.claimNext(this.#make.now());
    expect([next, claim?.take.id ?? null]).toEqual(Array(2).fill(this.#model.claim()));
    if (claim) this.#claims.set(claim.take.id, claim);
  }

  async #touch(operation: Operation, id: TakeId, pick: number, priority: number): Promise<void> {
    const { store } = this.#make;
    const now = this.#make.now();
    switch (operation) {
      case "derive":
        return this.#create(pick, priority, id);
      case "pause":
        expect(await outcome(store.pauseTake(id, now))).toBe(this.#model.pause(id));
        return;
      case "resume":
        expect(await outcome(store.resumeTake(id, now))).toBe(this.#model.resume(id));
        return;
      case "cancel":
        expect(await outcome(store.cancelTake(id, now))).toBe(this.#model.cancel(id));
        return;
      case "delete":
        expect(await outcome(store.deleteTake(id, now))).toBe(this.#model.delete(id));
        return;
      case "prioritize":
        await store.updateTake(id, { priority }, now);
        this.#model.prioritize(id, priority);
        return;
      default:
        await this.#write(operation, id, now);
    }
  }

  /** By the newest claim of the take, which may have ended. */
  async #write(operation: Operation, id: TakeId, now: number): Promise<void> {
    const { store } = this.#make;
    const claim = this.#claims.get(id);
    if (!claim) return;
    const valid = this.#model.find(id)?.status === "running";
    if (operation === "complete") {
      expect(await store.completeTake(claim, now)).toBe(valid);
      this.#model.complete(id);
      return;
    }
    const giveBack = {
      pauseClaimed: () => store.pauseClaimed(claim, now),
      preempt: () => store.preemptTake(claim, null, now),
      requeue: () => store.requeueTake(claim, "law", now),
    }[operation as "pauseClaimed" | "preempt" | "requeue"];
    expect(await giveBack()).toBe(valid);
    this.#model.giveBack(id);
  }

  async compare(): Promise<void> {
    const { items } = await this.#make.store.listTakes({}, { limit: 1000, order: "asc" });
    const queue = this.#model.queue().map(({ id }) => id);
    expect(
      items.map((take) => ({
        id: take.id,
        status: take.status,
        marked: take.pause_requested,
        priority: take.priority,
        parent: take.parent_id,
        place: take.queue_position,
      })),
    ).toEqual(
      this.#model.takes.map(({ id, status, marked, priority, parent }) => ({
        id,
        status,
        marked,
        priority,
        parent,
        place: queue.includes(id) ? queue.indexOf(id) + 1 : null,
      })),
    );
    for (let left = queue.length; left >= 0; left--) await this.#claim();
  }
}

async function outcome(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "ok",
    (error: FabricError) => error.code,
  );
}
