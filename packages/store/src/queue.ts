import type { SessionId, TakeId } from "@arc-fabric/contract";
import { type ExpressionBuilder, sql } from "kysely";
import type { Queries } from "./database.ts";
import { prepared } from "./prepared.ts";
import type { Tables, TakeRow } from "./tables.ts";

/** Written into the statement: with a bound value SQLite would plan it anew each time to use the queue's indexes. */
const QUEUED = sql.lit("queued" as const);
const NOT_AT_FRONT = sql.lit(0);

/** The order in which queued takes run: priority, then interrupted ones, then turn, then arrival. */
const selectNext = prepared((db) =>
  db
    .selectFrom("takes")
    .selectAll()
    .where("status", "=", QUEUED)
    .orderBy("priority", "desc")
    .orderBy("queue_front", "desc")
    .orderBy("turn", "asc")
    .orderBy("queue_order", "asc")
    .limit(sql.lit(1)),
);

export async function nextQueued(db: Queries): Promise<TakeRow | undefined> {
  const [row] = await selectNext(db, {});
  return row;
}

export async function peekNext(db: Queries): Promise<{ id: TakeId; priority: number } | null> {
  const row = await nextQueued(db);
  return row ? { id: row.id, priority: row.priority } : null;
}

const selectTurns = prepared(
  (db, { session, priority }: { session: SessionId; priority: number }) =>
    db.selectNoFrom((eb) => {
      const waiting = eb
        .selectFrom("takes")
        .where("status", "=", QUEUED)
        .where("queue_front", "=", NOT_AT_FRONT)
        .where("priority", "=", priority);
      return [
        waiting
          .where("session_id", "=", session)
          .select((turns) => turns.fn.max("turn").as("own"))
          .as("own"),
        waiting.select((turns) => turns.fn.min("turn").as("present")).as("present"),
      ];
    }),
);

/**
 * The turn of a take that begins to wait: one more than its session's last waiting one, at least that of the take that
 * is next. So a session that sends many takes at once lets others in between, and one that comes late does not wait for all of
 * them, nor does it go before those that waited for this turn already. Takes at the front do not take turns.
 */
export async function nextTurn(db: Queries, session: SessionId, priority: number): Promise<number> {
  const [turns] = await selectTurns(db, { session, priority });
  return Math.max((turns?.own ?? 0) + 1, turns?.present ?? 1);
}

const countBehind = prepared((db, { priority, turn }: { priority: number; turn: number }) =>
  db.selectNoFrom((eb) => {
    const count = () =>
      eb
        .selectFrom("takes")
        .where("status", "=", QUEUED)
        .select((rows) => rows.fn.countAll<number>().as("count"));
    return [
      count().where("priority", "<", priority).$asScalar().$notNull().as("lower"),
      count()
        .where("priority", "=", priority)
        .where("queue_front", "=", NOT_AT_FRONT)
        .where("turn", ">", turn)
        .$asScalar()
        .$notNull()
        .as("later"),
    ];
  }),
);

/**
 * How many takes run after one that just came in: few, as a rule, where counting those before it would read the whole queue.
 */
export async function countAfterNewest(
  db: Queries,
  newest: { priority: number; turn: number },
): Promise<number> {
  const [counts] = await countBehind(db, newest);
  return Number(counts?.lower ?? 0) + Number(counts?.later ?? 0);
}

/** Places in the queue, 1 = next, of takes that are queued. One take counts those before it; more are ranked in one pass. */
export async function queuePositions(
  db: Queries,
  rows: readonly TakeRow[],
): Promise<Map<TakeId, number>> {
  const [first] = rows;
  if (!first) return new Map();
  if (rows.length === 1) return new Map([[first.id, (await countBefore(db, first)) + 1]]);
  const order = sql<number>`row_number() over (order by priority desc, queue_front desc, turn asc, queue_order asc)`;
  const ranked = await db
    .selectFrom("takes")
    .select(["id", order.as("place")])
    .where("status", "=", QUEUED)
    .execute();
  return new Map(ranked.map(({ id, place }) => [id, Number(place)]));
}

async function countBefore(db: Queries, row: TakeRow): Promise<number> {
  const { count } = await db
    .selectFrom("takes")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("status", "=", QUEUED)
    .where((eb) => runsBefore(eb, row))
    .executeTakeFirstOrThrow();
  return Number(count);
}

function runsBefore(eb: ExpressionBuilder<Tables, "takes">, row: TakeRow) {
  const arrivedBefore = eb("turn", "=", row.turn).and("queue_order", "<", row.queue_order);
  const inTurn = eb.or([eb("turn", "<", row.turn), arrivedBefore]);
  const alike = eb("queue_front", "=", row.queue_front).and(inTurn);
  const samePriority = eb("priority", "=", row.priority);
  return eb.or([
    eb("priority", ">", row.priority),
    samePriority.and(eb.or([eb("queue_front", ">", row.queue_front), alike])),
  ]);
}
