import { isFinished, type SessionId, type TakeId, TAKE_STATUSES } from "@arc-fabric/contract";
import type { ThinPolicy } from "@arc-fabric/core";
import { sql } from "kysely";
import { appendEvent } from "./append-event.ts";
import type { Database, Queries, WriteTransaction } from "./database.ts";

const FINISHED = TAKE_STATUSES.filter(isFinished);
/** Steps of a take that one statement removes; databases bound the number of values in it. */
const CHUNK = 500;

/** Takes that one transaction thins out: 8,000 states in one kept the event loop for 0.35 s. */
const TAKES_AT_ONCE = 20;

interface Removable {
  readonly take_id: TakeId;
  readonly session_id: SessionId;
  readonly step: number;
  readonly digest: string;
  readonly bytes: number;
  /** Rows of all takes that name this blob. */
  readonly uses: number;
}

/**
 * The takes that ended first go first, some in a transaction, so that others can write in between. What is to stay is
 * looked up in the transaction that removes.
 */
export async function thinStates(
  database: Database,
  policy: ThinPolicy,
  nowMs: number,
): Promise<{ states: number; bytes: number }> {
  const { keepEvery, dryRun, untilBytes } = policy;
  const takes = await database.read((db) => finishedTakes(db, policy));
  const total = { states: 0, bytes: 0 };
  // Rows that are really removed are counted by the database.
  const removed = new Map<string, number>();
  for (let start = 0; start < takes.length; start += TAKES_AT_ONCE) {
    const left = untilBytes === null ? Number.POSITIVE_INFINITY : untilBytes - total.bytes;
    if (left <= 0) break;
    const some = takes.slice(start, start + TAKES_AT_ONCE);
    const thinned = dryRun
      ? await database.read(async (db) =>
          choose(await findRemovable(db, some, keepEvery), left, removed),
        )
      : await database.write((tx) => thinSome(tx, { takes: some, keepEvery, left, nowMs }));
    total.states += thinned.chosen.length;
    total.bytes += thinned.bytes;
  }
  return total;
}

async function finishedTakes(db: Queries, { sessionId }: ThinPolicy): Promise<TakeId[]> {
  let query = db
    .selectFrom("takes")
    .select("id")
    .where("status", "in", FINISHED)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("states")
          .select("states.step")
          .whereRef("states.take_id", "=", "takes.id")
          .whereRef("states.step", "!=", "takes.step"),
      ),
    );
  if (sessionId) query = query.where("session_id", "=", sessionId);
  const rows = await query.orderBy("finished_at").orderBy("queue_order").execute();
  return rows.map((row) => row.id);
}

async function thinSome(
  tx: WriteTransaction,
  some: { takes: readonly TakeId[]; keepEvery: number; left: number; nowMs: number },
): Promise<Thinned> {
  const removable = await findRemovable(tx.db, some.takes, some.keepEvery);
  const thinned = choose(removable, some.left, new Map());
  const byTake = Map.groupBy(thinned.chosen, (row) => row.take_id);
  for (const rows of byTake.values()) await removeOfTake(tx, rows, some.nowMs);
  return thinned;
}

/** In the order of `takes`, which may have been deleted meanwhile. */
async function findRemovable(
  db: Queries,
  takes: readonly TakeId[],
  keepEvery: number,
): Promise<Removable[]> {
  return db
    .selectFrom("takes")
    .innerJoin("states", "states.take_id", "takes.id")
    .select(["states.take_id", "takes.session_id", "states.step", "states.digest", "states.bytes"])
    .select((eb) =>
      eb
        .selectFrom("states as other")
        .select((rows) => rows.fn.countAll<number>().as("count"))
        .whereRef("other.digest", "=", "states.digest")
        .$asScalar()
        .$notNull()
        .as("uses"),
    )
    .where("takes.id", "in", takes)
    .whereRef("states.step", "!=", "takes.step")
    .where(sql<boolean>`states.step % ${keepEvery} <> 0`)
    .where("states.label", "is", null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("takes as child")
            .select("child.id")
            .whereRef("child.parent_id", "=", "takes.id")
            .whereRef("child.begins_at", "=", "states.step"),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("take_inputs")
            .select("take_inputs.take_id")
            .whereRef("take_inputs.digest", "=", "states.digest"),
        ),
      ),
    )
    .orderBy("takes.finished_at")
    .orderBy("takes.queue_order")
    .orderBy("states.step")
    .execute();
}

interface Thinned {
  readonly chosen: readonly Removable[];
  readonly bytes: number;
}

/**
 * As many as it takes to free `left` bytes. A blob's bytes are free only when the last of its rows goes.
 * @param removed how many rows of each blob were chosen before and are still counted in `uses`
 */
function choose(rows: readonly Removable[], left: number, removed: Map<string, number>): Thinned {
  const chosen: Removable[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (bytes >= left) break;
    chosen.push(row);
    const gone = (removed.get(row.digest) ?? 0) + 1;
    removed.set(row.digest, gone);
    if (gone === row.uses) bytes += row.bytes;
  }
  return { chosen, bytes };
}

async function removeOfTake(
  tx: WriteTransaction,
  rows: readonly Removable[],
  nowMs: number,
): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const { take_id, session_id } = first;
  const steps = rows.map((row) => row.step);
  for (let start = 0; start < steps.length; start += CHUNK)
    await tx.db
      .deleteFrom("states")
      .where("take_id", "=", take_id)
      .where("step", "in", steps.slice(start, start + CHUNK))
      .execute();
  await appendEvent(tx, session_id, { type: "states.thinned", data: { take_id, steps } }, nowMs);
}
