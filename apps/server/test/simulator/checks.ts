import { readdirSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  asFloat32,
  decodeSafetensors,
  isFinished,
  type Plan,
  type State,
  type Stream,
  type Take,
  type TakeId,
} from "@arc-fabric/contract";
import { segmentsOf, type Claim, type Store } from "@arc-fabric/core";
import type { Life } from "./life.ts";
import { referenceRun } from "./reference-run.ts";
import type { LedgerStream, LedgerTake, TakeLedger } from "./take-ledger.ts";

const ALL = { limit: 10_000, order: "asc" } as const;

/** What must hold, judged on the store's rows and the folder's files. Every broken law throws an Error that names it. */
export class Checks {
  readonly #ledger: TakeLedger;
  /** Bytes of each derivation, by environment. */
  readonly #derived = new Map<string, string>();
  /** Numbers of the claims of each session and priority, of takes that take turns. */
  readonly #served = new Map<string, number[]>();
  /** Sessions whose waiting takes were changed by hand: their turns are not what their arrivals say. */
  readonly disturbed = new Set<string>();

  constructor(ledger: TakeLedger) {
    this.#ledger = ledger;
  }

  /** Right after a claim, before anything else happens. */
  async claimed(store: Store, { take }: Claim): Promise<void> {
    this.#ledger.claims += 1;
    const counts = await store.counts();
    law(counts.running === 1, `${counts.running} takes are running`);
    const { items: waiting } = await store.listTakes({ status: ["queued"] }, ALL);
    const known = this.#ledger.takes.get(take.id)!;
    for (const other of waiting) {
      law(
        other.priority <= take.priority,
        `take ${other.id} has a higher priority than ${take.id}`,
      );
      const row = this.#ledger.takes.get(other.id)!;
      if (other.priority !== take.priority || known.atFront) continue;
      law(!row.atFront, `take ${other.id} was interrupted and waits behind ${take.id}`);
      this.#checkTurn(take, row);
    }
    if (!known.atFront) this.#servedOf(take).push(this.#ledger.claims);
  }

  /** A session is not served a third time while another one waits. */
  #checkTurn(take: Take, other: LedgerTake): void {
    if (other.session === take.session_id || this.disturbed.has(other.session)) return;
    const before = this.#servedOf(take).at(-2);
    if (before === undefined || other.waitsSince >= before) return;
    const others = this.#servedOf({ session_id: other.session, priority: take.priority });
    law(
      others.some((claim) => claim > before),
      `session ${take.session_id} is served for the third time while take ${other.id} waits`,
    );
  }

  #servedOf({ session_id, priority }: Pick<Take, "session_id" | "priority">): number[] {
    const key = `${session_id} ${priority}`;
    const claims = this.#served.get(key) ?? [];
    this.#served.set(key, claims);
    return claims;
  }

  /** Every state that is stored: bytes follow from derivation and environment. */
  async derivations(store: Store, id: TakeId): Promise<void> {
    for (const { step } of await store.listStates(id)) {
      const state = await store.getState(id, step);
      if (!state) continue;
      const key = `${state.derivation} ${state.environment}`;
      const digest = this.#derived.get(key) ?? state.digest;
      this.#derived.set(key, digest);
      law(digest === state.digest, `two states of derivation ${key}, one at step ${step} of ${id}`);
    }
  }

  /** All rows against the ledger, all announced events against the stored ones, all named blobs against the disk. */
  async everything({ store, blobs }: Life): Promise<void> {
    const { items } = await store.listTakes({}, ALL);
    law(items.length === this.#ledger.takes.size, `${items.length} takes are stored`);
    for (const take of items) this.#sameAsLedger(take);
    for (const [session, announced] of this.#ledger.announced) {
      const stored = await store.readSessionEvents(session, 0, 100_000);
      law(stored, `session ${session} is gone`);
      law(
        isDeepStrictEqual(stored, announced),
        `session ${session} has ${stored!.length} events stored and ${announced.length} announced`,
      );
    }
    for (const digest of await store.referencedBlobs())
      law(await blobs.has(digest), `blob ${digest} is named by a row and not there`);
    for (const take of items) await this.derivations(store, take.id);
    for (const known of this.#ledger.streams.values())
      this.#checkStream(await store.getStream(known.id), known, items);
  }

  /** What was given up is not worked on, and as many blocks lead to the head as it says. */
  #checkStream(stream: Stream | null, known: LedgerStream, takes: readonly Take[]): void {
    law(stream, `stream ${known.id} is gone`);
    const { id, next_take_id: next, head_take_id: head, blocks } = stream!;
    law(next === known.next, `the next block of ${id} is ${next}, its events say ${known.next}`);
    const byId = new Map(takes.map((take) => [take.id, take]));
    for (const block of known.blocks) {
      const status = byId.get(block)?.status ?? "cancelled";
      law(block === next || isFinished(status), `${id} gave ${block} up, which is ${status}`);
    }
    let count = 0;
    for (let at = head && byId.get(head); at; at = at.parent_id && byId.get(at.parent_id)) {
      law(at.id !== head || at.status === "completed", `the head of ${id} is ${at.status}`);
      const stands = at.origin.kind === "fork" || at.origin.kind === "edit";
      if (!stands) count += 1;
      if (!stands && at.origin.kind !== "continue") break;
    }
    law(count === blocks, `${count} blocks lead to the head of ${id}, which says ${blocks}`);
  }

  #sameAsLedger(take: Take): void {
    const known = this.#ledger.takes.get(take.id);
    law(known, `take ${take.id} was never announced`);
    const claimed = known!.status === "queued" && take.status === "running";
    law(
      claimed || known!.status === take.status,
      `take ${take.id} is ${take.status}, but its events say ${known!.status}`,
    );
    law(
      known!.marked === take.pause_requested,
      `take ${take.id}: pause_requested is ${take.pause_requested}`,
    );
    const lost = this.#ledger.damaged.has(take.id) && take.progress.step < known!.step;
    law(
      lost || known!.step === take.progress.step,
      `take ${take.id} is at step ${take.progress.step}, but its events say ${known!.step}`,
    );
  }

  /** A take that has just completed: the same bytes as a run that nothing disturbed. */
  async completed({ store, blobs }: Life, id: TakeId): Promise<void> {
    const take = await store.getTake(id);
    const known = this.#ledger.takes.get(id);
    // It may have been deleted, and its states thinned out, in the same turn.
    if (!take || !known) return;
    const stored = await store.listStates(id);
    const read = (digest: string) => blobs.read(digest);
    const reference = await referenceRun(take.plan, known.conditions, read);
    law(known.step === take.plan.total_steps, `take ${id} completed at step ${known.step}`);
    for (const state of stored) {
      const expected = reference.states[state.step - 1];
      law(state.digest === expected, `state ${state.step} of ${id} differs from the reference`);
      await blobs.read(state.digest);
    }
    for (const { kind, digest } of take.artifacts)
      law(reference.files[kind] === digest, `the ${kind} of ${id} differs from the reference`);
    this.#checkReuse(take, known, stored);
    await keptLatents(take, stored, read);
  }

  #checkReuse(take: Take, known: LedgerTake, stored: readonly State[]): void {
    const computed = new Set(known.completedSteps);
    const given = take.plan.total_steps - computed.size;
    law(
      take.steps_reused === given,
      `take ${take.id} says ${take.steps_reused} steps were reused; it computed ${computed.size} of ${take.plan.total_steps}`,
    );
    for (const { step, reused } of stored)
      law(reused !== computed.has(step), `state ${step} of ${take.id} says reused: ${reused}`);
  }
}

/** Bit for bit, where the mask is 0. */
async function keptLatents(
  { id, plan, proof }: Take,
  stored: readonly State[],
  read: (digest: string) => Promise<Uint8Array>,
): Promise<void> {
  const keep = lastKeep(plan);
  law((keep === null) === (proof === null), `take ${id} has ${proof ? "a" : "no"} proof`);
  const last = stored.find(({ step }) => step === plan.total_steps);
  if (!keep || !last) return;
  law(proof!.kept_equal, `the proof of ${id} says that kept latents differ`);
  const mask = asFloat32(decodeSafetensors(await read(keep.mask)).tensors["mask"]!);
  const [after, before] = await Promise.all(
    [last.digest, keep.clean].map(async (digest) => {
      const latents = asFloat32(decodeSafetensors(await read(digest)).tensors["latents"]!);
      return new Uint32Array(latents.slice().buffer);
    }),
  );
  mask.forEach((share, i) =>
    law(share > 0 || after![i] === before![i], `kept latent ${i} of ${id} was changed`),
  );
}

function lastKeep(plan: Plan) {
  return segmentsOf(plan, "denoise").at(-1)?.keep ?? null;
}

/** After the last collection: exactly the named blobs, and nothing half-written. */
export async function cleanDirectory(store: Store, directory: string): Promise<void> {
  const named = await store.referencedBlobs();
  const shards = readdirSync(path.join(directory, "blobs"));
  for (const shard of shards)
    for (const name of readdirSync(path.join(directory, "blobs", shard)))
      law(named.has(name), `the file blobs/${shard}/${name} belongs to no row`);
  const work = readdirSync(path.join(directory, "work"));
  law(work.length === 0, `the work folder holds ${work.join(", ")}`);
}

function law(holds: unknown, message: string): void {
  if (!holds) throw new Error(message);
}
