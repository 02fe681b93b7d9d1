import { FabricError, type Take, type TakeId, TAKE_LIFECYCLE } from "@arc-fabric/contract";
import type { Claim } from "@arc-fabric/core";
import { appendEvent } from "./append-event.ts";
import type { WriteTransaction } from "./database.ts";
import { findClaimed } from "./find-claimed.ts";
import { move } from "./move-take.ts";
import type { TakeRow } from "./tables.ts";
import { findTakeRow, requireTake, takeNotActive, takeNotFound } from "./takes.ts";

/** A queued or running take becomes paused. */
export async function pause(tx: WriteTransaction, row: TakeRow, nowMs: number): Promise<TakeRow> {
  const paused = await move(tx, row, "pause", { phase: "queued" });
  const data = { take_id: row.id, last_step: row.step };
  await appendEvent(tx, row.session_id, { type: "take.paused", data }, nowMs);
  return paused;
}

/** A paused take becomes queued. At the front: it has waited for its turn once. */
async function resume(tx: WriteTransaction, row: TakeRow, nowMs: number): Promise<void> {
  await move(tx, row, "resume", { phase: "queued", queue_front: 1 });
  await tellResumed(tx, row, nowMs);
}

async function tellResumed(tx: WriteTransaction, row: TakeRow, nowMs: number): Promise<void> {
  const data = { take_id: row.id, last_step: row.step };
  await appendEvent(tx, row.session_id, { type: "take.resumed", data }, nowMs);
}

export async function pauseTake(tx: WriteTransaction, id: TakeId, nowMs: number): Promise<Take> {
  const row = await findTakeRow(tx.db, id);
  if (!row) throw takeNotFound(id);
  if (row.status === "running") await mark(tx, row, nowMs);
  else if (TAKE_LIFECYCLE[row.status].pause) await pause(tx, row, nowMs);
  else if (row.status !== "paused") throw takeNotActive(row);
  return requireTake(tx.db, id);
}

async function mark(tx: WriteTransaction, row: TakeRow, nowMs: number): Promise<void> {
  if (row.pause_requested === 1) return;
  await setMark(tx, row.id, 1);
  const event = { type: "take.pause_requested", data: { take_id: row.id } } as const;
  await appendEvent(tx, row.session_id, event, nowMs);
}

async function setMark(tx: WriteTransaction, id: TakeId, value: 0 | 1): Promise<void> {
  await tx.db.updateTable("takes").set({ pause_requested: value }).where("id", "=", id).execute();
}

export async function resumeTake(tx: WriteTransaction, id: TakeId, nowMs: number): Promise<Take> {
  const row = await findTakeRow(tx.db, id);
  if (!row) throw takeNotFound(id);
  if (row.status === "paused") await resume(tx, row, nowMs);
  else if (row.pause_requested === 1) {
    await setMark(tx, id, 0);
    await tellResumed(tx, row, nowMs);
  } else
    throw new FabricError("take_not_paused", `Take ${id} is ${row.status}, not paused.`, {
      details: { take_id: id, status: row.status },
    });
  return requireTake(tx.db, id);
}

/**
 * Whoever runs the take has read the mark and stopped. Where it was taken back in the meantime, the take must not stay
 * paused, because nobody would resume it a second time: it goes on from the front of the queue.
 */
export async function pauseClaimed(
  tx: WriteTransaction,
  claim: Claim,
  nowMs: number,
): Promise<boolean> {
  const row = await findClaimed(tx, claim);
  if (!row) return false;
  const paused = await pause(tx, row, nowMs);
  if (row.pause_requested === 0) await resume(tx, paused, nowMs);
  return true;
}
