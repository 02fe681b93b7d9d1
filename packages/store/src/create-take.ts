import { FabricError, invariant, type Take, type TakeId } from "@arc-fabric/contract";
import type { IdempotencyRecord, NewTake } from "@arc-fabric/core";
import { appendEvent, sessionNotFound } from "./append-event.ts";
import type { Queries, WriteTransaction } from "./database.ts";
import { findReplay, rememberCreate } from "./idempotency.ts";
import { median } from "./median.ts";
import { DEFAULT_PRIORITY } from "./queue.ts";
import { prepared } from "./prepared.ts";
import { insertSession, sessionExists } from "./sessions.ts";
import type { TakeRow } from "./tables.ts";
import { countQueued } from "./take-counts.ts";
import { toTake } from "./take-view.ts";
import { requireTake } from "./takes.ts";

/** When to try again after `queue_full`, while no take has been completed yet that would tell. */
const FIRST_RETRY_AFTER_S = 10;
const MAX_RETRY_AFTER_S = 600;
/** The hint is the median time of this many newest completed takes: a place frees up when one ends. */
const RECENT_TAKES = 5;

export async function createTake(
  tx: WriteTransaction,
  take: NewTake,
  idempotency: IdempotencyRecord | null,
): Promise<{ take: Take; replayed: boolean }> {
  const replayed = idempotency && (await findReplay(tx, idempotency, take.nowMs));
  if (replayed) return { take: await requireTake(tx.db, replayed as TakeId), replayed: true };
  const place = await countQueued(tx, take.maxQueued);
  if (place === null) throw queueFull(take.maxQueued, await takeSeconds(tx.db));
  await ensureSession(tx, take);
  const [row] = await insertTake(tx.db, toInsert(take));
  invariant(row, "an inserted take is returned");
  await appendEvent(
    tx,
    take.sessionId,
    { type: "take.queued", data: { take_id: take.id } },
    take.nowMs,
  );
  if (idempotency) await rememberCreate(tx, idempotency, take.id, take.nowMs);
  // Its place is the last one: it has the common priority and was never interrupted.
  return { take: toTake(row, [], place), replayed: false };
}

async function ensureSession(tx: WriteTransaction, take: NewTake): Promise<void> {
  if (await sessionExists(tx.db, take.sessionId)) return;
  if (take.newSessionTitle === null) throw sessionNotFound(take.sessionId);
  await insertSession(tx, { id: take.sessionId, title: take.newSessionTitle, nowMs: take.nowMs });
}

const insertTake = prepared((db, row: InsertedTake) =>
  db
    .insertInto("takes")
    .values({
      id: row.id,
      session_id: row.session_id,
      status: "queued",
      model: row.model,
      parameters_json: row.parameters_json,
      plan_json: row.plan_json,
      total_steps: row.total_steps,
      phase: "queued",
      step: 0,
      warnings_json: "[]",
      resumes: 0,
      epoch: 0,
      priority: DEFAULT_PRIORITY,
      queue_front: 0,
      created_at: row.created_at,
    })
    .returningAll(),
);

type InsertedTake = Pick<
  TakeRow,
  "id" | "session_id" | "model" | "parameters_json" | "plan_json" | "total_steps" | "created_at"
>;

function toInsert(take: NewTake): InsertedTake {
  return {
    id: take.id,
    session_id: take.sessionId,
    model: take.parameters.model,
    parameters_json: JSON.stringify(take.parameters),
    plan_json: JSON.stringify(take.plan),
    total_steps: take.plan.total_steps,
    created_at: take.nowMs,
  };
}

async function takeSeconds(db: Queries): Promise<number | null> {
  const rows = await db
    .selectFrom("takes")
    .select(["started_at", "finished_at"])
    .where("status", "=", "completed")
    .orderBy("id", "desc")
    .limit(RECENT_TAKES)
    .execute();
  return median(rows.map((row) => ((row.finished_at ?? 0) - (row.started_at ?? 0)) / 1000));
}

function queueFull(maxQueued: number, typicalSeconds: number | null): FabricError {
  const retry_after_s = Math.min(
    MAX_RETRY_AFTER_S,
    Math.max(1, Math.ceil(typicalSeconds ?? FIRST_RETRY_AFTER_S)),
  );
  const message = `${maxQueued} takes are waiting, which is the most this server lets wait. Send it again in ${retry_after_s} s.`;
  return new FabricError("queue_full", message, {
    details: { max_queued: maxQueued, retry_after_s },
  });
}
