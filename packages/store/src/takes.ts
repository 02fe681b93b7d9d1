import {
  FabricError,
  type Take,
  type TakeId,
  isFinished,
  TAKE_LIFECYCLE,
} from "@arc-fabric/contract";
import type { Page, Paged, TakeChanges, TakeFilter } from "@arc-fabric/core";
import { appendEvent } from "./append-event.ts";
import type { Queries, WriteTransaction } from "./database.ts";
import { move } from "./move-take.ts";
import { checkCursor, pageOf, toPaged } from "./page.ts";
import { nextTurn } from "./queue.ts";
import { rewindStreams } from "./streams.ts";
import type { TakeRow } from "./tables.ts";
import { countMove } from "./take-counts.ts";
import { viewTake, viewTakes } from "./take-view.ts";

export async function findTakeRow(db: Queries, id: TakeId): Promise<TakeRow | undefined> {
  return db.selectFrom("takes").selectAll().where("id", "=", id).executeTakeFirst();
}

export async function getTake(db: Queries, id: TakeId): Promise<Take | null> {
  const row = await findTakeRow(db, id);
  return row ? viewTake(db, row) : null;
}

/** @throws FabricError `take_not_found` */
export async function requireTake(db: Queries, id: TakeId): Promise<Take> {
  const take = await getTake(db, id);
  if (!take) throw takeNotFound(id);
  return take;
}

export async function listTakes(db: Queries, filter: TakeFilter, page: Page): Promise<Paged<Take>> {
  await checkCursor(db, "takes", page);
  if (filter.status?.length === 0) return { items: [], hasMore: false };
  let query = db.selectFrom("takes").selectAll();
  if (filter.sessionId) query = query.where("session_id", "=", filter.sessionId);
  if (filter.parentId) query = query.where("parent_id", "=", filter.parentId);
  if (filter.status) query = query.where("status", "in", [...filter.status]);
  const rows = (await pageOf(query as never, page).execute()) as TakeRow[];
  return toPaged(rows, await viewTakes(db, rows.slice(0, page.limit)), page);
}

/** A queued take that changes its priority goes to the end of its session's there. */
export async function updateTake(
  tx: WriteTransaction,
  id: TakeId,
  changes: TakeChanges,
  nowMs: number,
): Promise<Take | null> {
  const row = await findTakeRow(tx.db, id);
  if (!row) return null;
  const title = changes.title === undefined ? row.title : changes.title;
  const tags_json = changes.tags === undefined ? row.tags_json : JSON.stringify(changes.tags);
  const priority = changes.priority ?? row.priority;
  if (title === row.title && tags_json === row.tags_json && priority === row.priority)
    return viewTake(tx.db, row);
  const moves = row.status === "queued" && priority !== row.priority;
  const next = moves ? await nextTurn(tx.db, row.session_id, priority) : null;
  const turn = next?.turn ?? row.turn;
  const updated = await tx.db
    .updateTable("takes")
    .set({ title, tags_json, priority, turn })
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirstOrThrow();
  const data = { take_id: id, title, tags: JSON.parse(tags_json), priority };
  await appendEvent(tx, row.session_id, { type: "take.changed", data }, nowMs);
  return viewTake(tx.db, updated);
}

/** Takes that were derived from it are named in the error up to this many. */
const MAX_NAMED = 100;

export async function deleteTake(
  tx: WriteTransaction,
  id: TakeId,
  nowMs: number,
): Promise<boolean> {
  const row = await findTakeRow(tx.db, id);
  if (!row) return false;
  // First, so that whoever would cancel a take to delete it does not cancel one that stays.
  await refuseWhenInUse(tx.db, id);
  if (!isFinished(row.status))
    throw new FabricError("take_active", `Take ${id} is ${row.status}.`, {
      details: { take_id: id, status: row.status },
    });
  await loseHead(tx, row, nowMs);
  await rewindStreams(tx, row, nowMs);
  await tx.db.deleteFrom("takes").where("id", "=", id).execute();
  await countMove(tx, row.status, null);
  await appendEvent(tx, row.session_id, { type: "take.deleted", data: { take_id: id } }, nowMs);
  return true;
}

async function refuseWhenInUse(db: Queries, id: TakeId): Promise<void> {
  const children = await db
    .selectFrom("takes")
    .select("id")
    .where((eb) =>
      // The clips that were put behind another one are named in the origin of what came of it.
      eb.or([eb("parent_id", "=", id), eb("origin_json", "like", `%"${id}"%`)]),
    )
    .orderBy("id")
    .limit(MAX_NAMED)
    .execute();
  if (children.length === 0) return;
  const takes = children.map((child) => child.id);
  const message = `Take ${id} cannot be deleted, because others were derived from it: ${takes.slice(0, 3).join(", ")}${takes.length > 3 ? ", …" : ""}.`;
  throw new FabricError("take_in_use", message, { details: { take_id: id, takes } });
}

async function loseHead(tx: WriteTransaction, row: TakeRow, nowMs: number): Promise<void> {
  const { numUpdatedRows } = await tx.db
    .updateTable("sessions")
    .set({ head_take_id: null })
    .where("id", "=", row.session_id)
    .where("head_take_id", "=", row.id)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  const event = { type: "session.head_changed", data: { head_take_id: null } } as const;
  await appendEvent(tx, row.session_id, event, nowMs);
}

/** The status changes at once; whoever runs the take is fenced off by it. */
export async function cancelTake(tx: WriteTransaction, id: TakeId, nowMs: number): Promise<Take> {
  const row = await findTakeRow(tx.db, id);
  if (!row) throw takeNotFound(id);
  if (!TAKE_LIFECYCLE[row.status].cancel) throw takeNotActive(row);
  const cancelled = await move(tx, row, "cancel", { finished_at: nowMs });
  const data = { take_id: id, last_step: row.step };
  await appendEvent(tx, row.session_id, { type: "take.cancelled", data }, nowMs);
  return viewTake(tx.db, cancelled);
}

export function takeNotFound(id: TakeId): FabricError {
  return new FabricError("take_not_found", `There is no take ${id}.`, { details: { take_id: id } });
}

export function takeNotActive({ id, status }: TakeRow): FabricError {
  return new FabricError("take_not_active", `Take ${id} is already ${status}.`, {
    details: { take_id: id, status },
  });
}
