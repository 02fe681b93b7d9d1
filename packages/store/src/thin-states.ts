import { isFinished, type SessionId, type TakeId, TAKE_STATUSES } from "@arc-fabric/contract";
import type { ThinPolicy } from "@arc-fabric/core";
import { sql } from "kysely";
import { appendEvent } from "./append-event.ts";
import type { Queries, WriteTransaction } from "./database.ts";

const FINISHED = TAKE_STATUSES.filter(isFinished);
/** Steps of a take that one statement removes; databases bound the number of values in it. */
const CHUNK = 500;

interface Removable {
  readonly take_id: TakeId;
  readonly session_id: SessionId;
  readonly step: number;
  readonly digest: string;
  readonly bytes: number;
  /** Rows of all takes that name this blob. */
  readonly uses: number;
}

export async function thinStates(
  tx: WriteTransaction,
  policy: ThinPolicy,
  nowMs: number,
): Promise<{ states: number; bytes: number }> {
  const { chosen, bytes } = choose(await findRemovable(tx.db, policy), policy.untilBytes);
  const takes = Map.groupBy(chosen, (row) => row.take_id);
  if (!policy.dryRun) for (const rows of takes.values()) await removeOfTake(tx, rows, nowMs);
  return { states: chosen.length, bytes };
}

/** In the order in which takes ended. */
async function findRemovable(db: Queries, policy: ThinPolicy): Promise<Removable[]> {
  let query = db
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
    .where("takes.status", "in", FINISHED)
    .whereRef("states.step", "!=", "takes.step")
    .where(sql<boolean>`states.step % ${policy.keepEvery} <> 0`)
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
    );
  if (policy.sessionId) query = query.where("takes.session_id", "=", policy.sessionId);
  return query
    .orderBy("takes.finished_at")
    .orderBy("takes.queue_order")
    .orderBy("states.step")
    .execute();
}

/** As many as it takes. A blob's bytes are free only when the last of its rows goes. */
function choose(
  rows: readonly Removable[],
  untilBytes: number | null,
): { chosen: Removable[]; bytes: number } {
  const chosen: Removable[] = [];
  const removed = new Map<string, number>();
  let bytes = 0;
  for (const row of rows) {
    if (untilBytes !== null && bytes >= untilBytes) break;
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
