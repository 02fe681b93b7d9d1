import type { SessionId, TakeId } from "@arc-fabric/contract";
import { type ExpressionBuilder, sql } from "kysely";
import type { Queries } from "./database.ts";
import { prepared } from "./prepared.ts";
import type { Tables, TakeRow } from "./tables.ts";

/** Written into the statements: SQLite uses the queue's partial indexes only where it can see their conditions. */
const WAITING = sql.lit(1);
const NOT_AT_FRONT = sql.lit(0);

/** The order in which queued takes run: priority, then interrupted ones, then turn, then arrival. */
const selectNext = prepared((db) =>
  db
    .selectFrom("takes")
    .selectAll()
    .where("waiting", "=", WAITING)
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

const selectTurns = prepared((db, { id, priority }: { id: SessionId; priority: number }) =>
  db
    .selectFrom("sessions")
    .where("id", "=", id)
    .select((eb) => {
      const queue = eb.selectFrom("takes").where("waiting", "=", WAITING);
      const alike = queue.where("queue_front", "=", NOT_AT_FRONT).where("priority", "=", priority);
      return [
        alike
          .where("takes.session_id", "=", id)
          .select(({ fn }) => fn.max("turn").as("turn"))
          .as("own"),
        alike.select(({ fn }) => fn.min("turn").as("turn")).as("present"),
        alike.select(({ fn }) => fn.max("turn").as("turn")).as("furthest"),
        queue.select(({ fn }) => fn.min("priority").as("priority")).as("lowest"),
      ];
    }),
);

export interface Turn {
  readonly turn: number;
  /** No waiting take runs after it. */
  readonly isLast: boolean;
}

/**
 * The turn of a take that begins to wait: one more than its session's last waiting one, at least that of the take that
 * is next. So a session that sends many takes at once lets others in between, and one that comes late does not wait for all of
 * them, nor does it go before those that waited for this turn already. Takes at the front do not take turns.
 * @returns null when there is no such session
 */
export async function nextTurn(db: Queries, id: SessionId, priority: number): Promise<Turn | null> {
  const [turns] = await selectTurns(db, { id, priority });
  if (!turns) return null;
  const turn = Math.max((turns.own ?? 0) + 1, turns.present ?? 1);
  const isLast = (turns.furthest ?? 0) <= turn && (turns.lowest ?? priority) >= priority;
  return { turn, isLast };
}

/** How many takes run after one that just came in. */
export async function countBehind(
  db: Queries,
  newest: { priority: number; turn: number },
): Promise<number> {
  const { count } = await db
    .selectFrom("takes")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("waiting", "=", WAITING)
    .where((eb) => {
      const later = eb("queue_front", "=", 0).and("turn", ">", newest.turn);
      return eb.or([
        eb("priority", "<", newest.priority),
        eb("priority", "=", newest.priority).and(later),
      ]);
    })
    .executeTakeFirstOrThrow();
  return Number(count);
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
    .where("waiting", "=", WAITING)
    .execute();
  return new Map(ranked.map(({ id, place }) => [id, Number(place)]));
}

async function countBefore(db: Queries, row: TakeRow): Promise<number> {
  const { count } = await db
    .selectFrom("takes")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("waiting", "=", WAITING)
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
