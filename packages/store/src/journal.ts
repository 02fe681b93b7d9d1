import type { EventType, FabricEvent, LogLine, SessionId, TakeId } from "@arc-fabric/contract";
import { toEvent } from "./append-event.ts";
import type { Queries, WriteTransaction } from "./database.ts";
import { sessionExists } from "./sessions.ts";

/** A take keeps its newest lines up to this; a worker that floods its log costs no more. */
export const MAX_LOG_LINES = 2000;

export async function readSessionEvents(
  db: Queries,
  id: SessionId,
  afterSeq: number,
  limit: number,
): Promise<FabricEvent[] | null> {
  if (!(await sessionExists(db, id))) return null;
  const rows = await db
    .selectFrom("events")
    .selectAll()
    .where("session_id", "=", id)
    .where("seq", ">", afterSeq)
    .orderBy("seq")
    .limit(limit)
    .execute();
  return rows.map(toEvent);
}

export async function readEvents(
  db: Queries,
  afterPosition: number,
  limit: number,
  types?: readonly EventType[],
): Promise<FabricEvent[]> {
  if (types?.length === 0) return [];
  let query = db.selectFrom("events").selectAll().where("position", ">", afterPosition);
  if (types) query = query.where("type", "in", [...types]);
  const rows = await query.orderBy("position").limit(limit).execute();
  return rows.map(toEvent);
}

/** Lines of a take that is deleted meanwhile are dropped with it. */
export async function addLogLines(
  tx: WriteTransaction,
  id: TakeId,
  lines: readonly LogLine[],
): Promise<void> {
  if (lines.length === 0) return;
  const take = await tx.db.selectFrom("takes").select("id").where("id", "=", id).executeTakeFirst();
  if (!take) return;
  for (const { at, level, source, message } of lines.slice(-MAX_LOG_LINES))
    await tx.db
      .insertInto("log_lines")
      .values({ take_id: id, at, level, source, message })
      .execute();
  const oldestKept = await tx.db
    .selectFrom("log_lines")
    .select("id")
    .where("take_id", "=", id)
    .orderBy("id", "desc")
    .offset(MAX_LOG_LINES - 1)
    .limit(1)
    .executeTakeFirst();
  if (oldestKept)
    await tx.db
      .deleteFrom("log_lines")
      .where("take_id", "=", id)
      .where("id", "<", oldestKept.id)
      .execute();
}

/** The newest lines, oldest of them first. */
export async function listLogLines(db: Queries, id: TakeId, limit: number): Promise<LogLine[]> {
  const rows = await db
    .selectFrom("log_lines")
    .select(["at", "level", "source", "message"])
    .where("take_id", "=", id)
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.toReversed();
}
