import type { TakeId } from "@arc-fabric/contract";
import { type ExpressionBuilder, sql } from "kysely";
import type { Queries } from "./database.ts";
import type { Tables, TakeRow } from "./tables.ts";

/** Every take has it for now; a higher one runs earlier. */
export const DEFAULT_PRIORITY = 0;

/** The order in which queued takes run: priority, then interrupted ones, then arrival. */
export async function nextQueued(db: Queries): Promise<TakeRow | undefined> {
  return db
    .selectFrom("takes")
    .selectAll()
    .where("status", "=", "queued")
    .orderBy("priority", "desc")
    .orderBy("queue_front", "desc")
    .orderBy("queue_order", "asc")
    .limit(1)
    .executeTakeFirst();
}

/** Places in the queue, 1 = next, of takes that are queued. One take counts those before it; more are ranked in one pass. */
export async function queuePositions(
  db: Queries,
  rows: readonly TakeRow[],
): Promise<Map<TakeId, number>> {
  const [first] = rows;
  if (!first) return new Map();
  if (rows.length === 1) return new Map([[first.id, (await countBefore(db, first)) + 1]]);
  const order = sql<number>`row_number() over (order by priority desc, queue_front desc, queue_order asc)`;
  const ranked = await db
    .selectFrom("takes")
    .select(["id", order.as("place")])
    .where("status", "=", "queued")
    .execute();
  return new Map(ranked.map(({ id, place }) => [id, Number(place)]));
}

async function countBefore(db: Queries, row: TakeRow): Promise<number> {
  const { count } = await db
    .selectFrom("takes")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("status", "=", "queued")
    .where((eb) => runsBefore(eb, row))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function runsBefore(eb: ExpressionBuilder<Tables, "takes">, row: TakeRow) {
  const samePriority = eb("priority", "=", row.priority);
  const earlier = eb("queue_front", "=", row.queue_front).and("queue_order", "<", row.queue_order);
  return eb.or([
    eb("priority", ">", row.priority),
    samePriority.and(eb.or([eb("queue_front", ">", row.queue_front), earlier])),
  ]);
}
