import {
  FabricError,
  type Take,
  type TakeId,
  isFinished,
  TAKE_LIFECYCLE,
} from "@arc-fabric/contract";
import type { Page, Paged, TakeFilter } from "@arc-fabric/core";
import { appendEvent } from "./append-event.ts";
import type { Queries, WriteTransaction } from "./database.ts";
import { move } from "./move-take.ts";
import { checkCursor, pageOf, toPaged } from "./page.ts";
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
  if (filter.status) query = query.where("status", "in", [...filter.status]);
  const rows = (await pageOf(query as never, page).execute()) as TakeRow[];
  return toPaged(rows, await viewTakes(db, rows.slice(0, page.limit)), page);
}

export async function deleteTake(
  tx: WriteTransaction,
  id: TakeId,
  nowMs: number,
): Promise<boolean> {
  const row = await findTakeRow(tx.db, id);
  if (!row) return false;
  if (!isFinished(row.status))
    throw new FabricError("take_active", `Take ${id} is ${row.status}.`, {
      details: { take_id: id, status: row.status },
    });
  await tx.db.deleteFrom("takes").where("id", "=", id).execute();
  await countMove(tx, row.status, null);
  await appendEvent(tx, row.session_id, { type: "take.deleted", data: { take_id: id } }, nowMs);
  return true;
}

/** The status changes at once; whoever runs the take is fenced off by it. */
export async function cancelTake(tx: WriteTransaction, id: TakeId, nowMs: number): Promise<Take> {
  const row = await findTakeRow(tx.db, id);
  if (!row) throw takeNotFound(id);
  if (!TAKE_LIFECYCLE[row.status].cancel)
    throw new FabricError("take_not_active", `Take ${id} is already ${row.status}.`, {
      details: { take_id: id, status: row.status },
    });
  const cancelled = await move(tx, row, "cancel", { finished_at: nowMs });
  await appendEvent(
    tx,
    row.session_id,
    { type: "take.cancelled", data: { take_id: id, last_step: row.step } },
    nowMs,
  );
  return viewTake(tx.db, cancelled);
}

function takeNotFound(id: TakeId): FabricError {
  return new FabricError("take_not_found", `There is no take ${id}.`, { details: { take_id: id } });
}
