import type { ErrorRecord, NewEvent, TakeId } from "@arc-fabric/contract";
import type { Claim, TakePatch } from "@arc-fabric/core";
import { appendEvent } from "./append-event.ts";
import type { WriteTransaction } from "./database.ts";
import { move } from "./move-take.ts";
import { prepared } from "./prepared.ts";
import { nextQueued } from "./queue.ts";
import type { TakeRow } from "./tables.ts";
import { viewTake } from "./take-view.ts";

export async function claimNext(tx: WriteTransaction, nowMs: number): Promise<Claim | null> {
  const next = await nextQueued(tx.db);
  if (!next) return null;
  const row = await move(tx, next, "claim", {
    phase: "loading",
    epoch: next.epoch + 1,
    started_at: next.started_at ?? nowMs,
  });
  return { take: await viewTake(tx.db, row), epoch: row.epoch };
}

const selectClaimed = prepared((db, { id, epoch }: { id: TakeId; epoch: number }) =>
  db
    .selectFrom("takes")
    .selectAll()
    .where("id", "=", id)
    .where("epoch", "=", epoch)
    .where("status", "=", "running"),
);

/** The take's row while the claim still holds: its take is running under its epoch. */
export async function findClaimed(
  tx: WriteTransaction,
  { take, epoch }: Claim,
): Promise<TakeRow | undefined> {
  const [row] = await selectClaimed(tx.db, { id: take.id, epoch });
  return row;
}

export async function record(
  tx: WriteTransaction,
  claim: Claim,
  event: NewEvent,
  patch: TakePatch,
  nowMs: number,
): Promise<boolean> {
  const row = await findClaimed(tx, claim);
  if (!row) return false;
  const { phase, environment, warnings } = patch;
  const changes = {
    ...(phase !== undefined && { phase }),
    ...(environment !== undefined && {
      environment_json: environment === null ? null : JSON.stringify(environment),
    }),
    ...(warnings !== undefined && { warnings_json: JSON.stringify(warnings) }),
  };
  if (Object.keys(changes).length > 0)
    await tx.db.updateTable("takes").set(changes).where("id", "=", row.id).execute();
  await appendEvent(tx, row.session_id, event, nowMs);
  return true;
}

export async function completeTake(
  tx: WriteTransaction,
  claim: Claim,
  nowMs: number,
): Promise<boolean> {
  const row = await findClaimed(tx, claim);
  if (!row) return false;
  await move(tx, row, "complete", { phase: "done", finished_at: nowMs });
  await appendEvent(
    tx,
    row.session_id,
    { type: "take.completed", data: { take_id: row.id } },
    nowMs,
  );
  return true;
}

/** The phase stays: it says where the take failed. */
export async function failTake(
  tx: WriteTransaction,
  claim: Claim,
  error: ErrorRecord,
  nowMs: number,
): Promise<boolean> {
  const row = await findClaimed(tx, claim);
  if (!row) return false;
  await move(tx, row, "fail", { error_json: JSON.stringify(error), finished_at: nowMs });
  await appendEvent(
    tx,
    row.session_id,
    { type: "take.failed", data: { take_id: row.id, error } },
    nowMs,
  );
  return true;
}

export async function requeueTake(
  tx: WriteTransaction,
  claim: Claim,
  reason: string,
  nowMs: number,
): Promise<boolean> {
  const row = await findClaimed(tx, claim);
  if (!row) return false;
  await requeue(tx, row, reason, nowMs);
  return true;
}

export async function requeueRunning(
  tx: WriteTransaction,
  reason: string,
  nowMs: number,
): Promise<TakeId[]> {
  const rows = await tx.db
    .selectFrom("takes")
    .selectAll()
    .where("status", "=", "running")
    .orderBy("queue_order")
    .execute();
  for (const row of rows) await requeue(tx, row, reason, nowMs);
  return rows.map((row) => row.id);
}

/** To the front, where interrupted takes keep their order of arrival among themselves. */
async function requeue(
  tx: WriteTransaction,
  row: TakeRow,
  reason: string,
  nowMs: number,
): Promise<void> {
  await move(tx, row, "requeue", { phase: "queued", queue_front: 1, resumes: row.resumes + 1 });
  await appendEvent(
    tx,
    row.session_id,
    { type: "take.interrupted", data: { take_id: row.id, last_step: row.step, reason } },
    nowMs,
  );
}
