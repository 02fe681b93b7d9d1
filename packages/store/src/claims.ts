import type { ErrorRecord, NewEvent, TakeId } from "@arc-fabric/contract";
import type { Claim, TakePatch } from "@arc-fabric/core";
import { appendEvent } from "./append-event.ts";
import type { WriteTransaction } from "./database.ts";
import { findClaimed } from "./find-claimed.ts";
import { move } from "./move-take.ts";
import { nextQueued } from "./queue.ts";
import { pause } from "./pause.ts";
import type { TakeRow } from "./tables.ts";
import { restSeconds } from "./measured-seconds.ts";
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

export async function record(
  tx: WriteTransaction,
  claim: Claim,
  event: NewEvent,
  patch: TakePatch,
  nowMs: number,
): Promise<boolean> {
  const row = await findClaimed(tx, claim);
  if (!row) return false;
  const { phase, environment, environmentChange, warnings, proof } = patch;
  const changes = {
    ...(phase !== undefined && { phase }),
    ...(environment !== undefined && {
      environment_json: environment === null ? null : JSON.stringify(environment),
    }),
    ...(environmentChange !== undefined && {
      environment_changes_json: JSON.stringify([
        ...JSON.parse(row.environment_changes_json),
        environmentChange,
      ]),
    }),
    ...(warnings !== undefined && { warnings_json: JSON.stringify(warnings) }),
    ...(proof !== undefined && { proof_json: JSON.stringify(proof) }),
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
  await move(tx, row, "complete", {
    phase: "done",
    finished_at: nowMs,
    rest_seconds: await restSeconds(tx.db, row, nowMs),
  });
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

export async function preemptTake(
  tx: WriteTransaction,
  claim: Claim,
  byTakeId: TakeId | null,
  nowMs: number,
): Promise<boolean> {
  const row = await findClaimed(tx, claim);
  if (!row) return false;
  if (row.pause_requested === 1) {
    await pause(tx, row, nowMs);
    return true;
  }
  await move(tx, row, "requeue", { phase: "queued", queue_front: 1 });
  const data = { take_id: row.id, last_step: row.step, by_take_id: byTakeId };
  await appendEvent(tx, row.session_id, { type: "take.preempted", data }, nowMs);
  return true;
}

/** To the front, or paused where that was asked for: whoever asked must not find it running again. */
async function requeue(
  tx: WriteTransaction,
  row: TakeRow,
  reason: string,
  nowMs: number,
): Promise<void> {
  const changes = { phase: "queued", queue_front: 1, resumes: row.resumes + 1 } as const;
  const requeued = await move(tx, row, "requeue", changes);
  const data = { take_id: row.id, last_step: row.step, reason };
  await appendEvent(tx, row.session_id, { type: "take.interrupted", data }, nowMs);
  if (row.pause_requested === 1) await pause(tx, requeued, nowMs);
}
