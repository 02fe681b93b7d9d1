import { FabricError, invariant, type Take, type TakeId } from "@arc-fabric/contract";
import type { IdempotencyRecord, NewTake } from "@arc-fabric/core";
import { appendEvent, sessionNotFound } from "./append-event.ts";
import type { Queries, WriteTransaction } from "./database.ts";
import { findReplay, rememberCreate } from "./idempotency.ts";
import { median } from "./median.ts";
import { inheritStates } from "./prefix.ts";
import { prepared } from "./prepared.ts";
import { countAfterNewest, nextTurn } from "./queue.ts";
import { insertSession, sessionExists } from "./sessions.ts";
import { measuredKey } from "./shape-key.ts";
import type { TakeRow } from "./tables.ts";
import { countQueued } from "./take-counts.ts";
import { toTake } from "./take-view.ts";
import { findTakeRow, requireTake, takeNotFound } from "./takes.ts";

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
  const queued = await countQueued(tx, take.maxQueued);
  if (queued === null) throw queueFull(take.maxQueued, await takeSeconds(tx.db));
  await ensureSession(tx, take);
  if (take.parentId !== null && !(await findTakeRow(tx.db, take.parentId)))
    throw takeNotFound(take.parentId);
  const turn = await nextTurn(tx.db, take.sessionId, take.priority);
  const [row] = await insertTake(tx.db, { ...toInsert(take), turn });
  invariant(row, "an inserted take is returned");
  for (const digest of new Set(take.inputs)) await insertInput(tx.db, { take_id: take.id, digest });
  if (take.inherit && take.inherit.step > 0) await inheritStates(tx, take, take.inherit);
  await appendEvent(
    tx,
    take.sessionId,
    { type: "take.queued", data: { take_id: take.id } },
    take.nowMs,
  );
  if (idempotency) await rememberCreate(tx, idempotency, take.id, take.nowMs);
  const place = queued - (await countAfterNewest(tx.db, row));
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
      parent_id: row.parent_id,
      origin_json: row.origin_json,
      title: row.title,
      tags_json: "[]",
      status: "queued",
      pause_requested: 0,
      model: row.model,
      parameters_json: row.parameters_json,
      plan_json: row.plan_json,
      total_steps: row.total_steps,
      phase: "queued",
      step: row.step,
      warnings_json: "[]",
      resumes: 0,
      epoch: 0,
      priority: row.priority,
      queue_front: 0,
      turn: row.turn,
      begins_at: row.begins_at,
      steps_reused: row.step,
      shape_key: row.shape_key,
      estimate_json: row.estimate_json,
      environment_changes_json: "[]",
      created_at: row.created_at,
    })
    .returningAll(),
);

const insertInput = prepared((db, row: { take_id: TakeId; digest: string }) =>
  db.insertInto("take_inputs").values({ take_id: row.take_id, digest: row.digest }),
);

type InsertedTake = Pick<
  TakeRow,
  | "id"
  | "session_id"
  | "parent_id"
  | "origin_json"
  | "title"
  | "model"
  | "parameters_json"
  | "plan_json"
  | "total_steps"
  | "step"
  | "priority"
  | "turn"
  | "begins_at"
  | "shape_key"
  | "estimate_json"
  | "created_at"
>;

function toInsert(take: NewTake): Omit<InsertedTake, "turn"> {
  const { parameters, plan, inherit } = take;
  return {
    id: take.id,
    session_id: take.sessionId,
    parent_id: take.parentId,
    origin_json: JSON.stringify(take.origin),
    title: take.title,
    model: parameters.model,
    parameters_json: JSON.stringify(parameters),
    plan_json: JSON.stringify(plan),
    total_steps: plan.total_steps,
    step: inherit?.step ?? 0,
    priority: take.priority,
    begins_at: inherit && inherit.takeId === take.parentId ? inherit.step : null,
    shape_key: measuredKey(plan, parameters.model),
    estimate_json: take.estimate && JSON.stringify(take.estimate),
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
