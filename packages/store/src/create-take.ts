import { FabricError, type Take, type TakeId } from "@arc-fabric/contract";
import type { IdempotencyRecord, NewTake } from "@arc-fabric/core";
import { sql } from "kysely";
import { appendEvent, sessionNotFound } from "./append-event.ts";
import type { Queries, WriteTransaction } from "./database.ts";
import { findReplay, rememberCreate } from "./idempotency.ts";
import { median } from "./median.ts";
import { inheritStates } from "./prefix.ts";
import { prepared } from "./prepared.ts";
import { countBehind, nextTurn, type Turn } from "./queue.ts";
import { insertSession } from "./sessions.ts";
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
  const row = toRow(take, await newTurn(tx, take));
  if (row.parent_id !== null && !(await findTakeRow(tx.db, row.parent_id)))
    throw takeNotFound(row.parent_id);
  await requireStates(tx.db, take.states);
  await insertTake(tx.db, row);
  for (const digest of new Set([...take.states, ...take.inputs]))
    await insertInput(tx.db, { take_id: take.id, digest });
  if (take.inherit && take.inherit.step > 0) await inheritStates(tx, take, take.inherit);
  await appendEvent(
    tx,
    take.sessionId,
    { type: "take.queued", data: { take_id: take.id } },
    take.nowMs,
  );
  if (idempotency) await rememberCreate(tx, idempotency, take.id, take.nowMs);
  const place = queued - (row.isLast ? 0 : await countBehind(tx.db, row));
  return { take: toTake(row, [], place, take), replayed: false };
}

/** Between the plan and now they may have been thinned out or deleted, and what no row names may be gone from the disk. */
async function requireStates(db: Queries, digests: readonly string[]): Promise<void> {
  for (const digest of digests) {
    const [named] = await selectNamed(db, { digest });
    if (named) continue;
    throw new FabricError(
      "state_not_found",
      "A state that this take was planned from has been thinned out or deleted meanwhile. Send the request again: it is planned from what is stored then.",
      { details: { digest } },
    );
  }
}

const selectNamed = prepared((db, { digest }: { digest: string }) =>
  db
    .selectFrom("states")
    .select("digest")
    .where("digest", "=", digest)
    .unionAll(db.selectFrom("take_inputs").select("digest").where("digest", "=", digest))
    .limit(sql.lit(1)),
);

/** Makes the session first where it is missing. */
async function newTurn(tx: WriteTransaction, take: NewTake): Promise<Turn> {
  const { sessionId: id, newSessionTitle: title, priority, nowMs } = take;
  const turn = await nextTurn(tx.db, id, priority);
  if (turn) return turn;
  if (title === null) throw sessionNotFound(id);
  await insertSession(tx, { id, title, nowMs });
  return (await nextTurn(tx.db, id, priority))!;
}

type NewRow = Omit<TakeRow, "queue_order">;

const insertTake = prepared((db, row: NewRow) =>
  db.insertInto("takes").values({
    id: row.id,
    session_id: row.session_id,
    parent_id: row.parent_id,
    origin_json: row.origin_json,
    title: row.title,
    tags_json: row.tags_json,
    status: row.status,
    pause_requested: row.pause_requested,
    model: row.model,
    parameters_json: row.parameters_json,
    plan_json: row.plan_json,
    total_steps: row.total_steps,
    phase: row.phase,
    step: row.step,
    warnings_json: row.warnings_json,
    resumes: row.resumes,
    epoch: row.epoch,
    waiting: row.waiting,
    priority: row.priority,
    queue_front: row.queue_front,
    turn: row.turn,
    begins_at: row.begins_at,
    steps_reused: row.steps_reused,
    shape_key: row.shape_key,
    estimate_json: row.estimate_json,
    environment_changes_json: row.environment_changes_json,
    created_at: row.created_at,
  }),
);

const insertInput = prepared((db, row: { take_id: TakeId; digest: string }) =>
  db.insertInto("take_inputs").values({ take_id: row.take_id, digest: row.digest }),
);

/** All that is known of a take that is new, so that its row need not be read back. */
function toRow(take: NewTake, { turn, isLast }: Turn): NewRow & { isLast: boolean } {
  const { parameters, plan, inherit } = take;
  const step = inherit?.step ?? 0;
  return {
    id: take.id,
    session_id: take.sessionId,
    parent_id: take.parentId,
    origin_json: JSON.stringify(take.origin),
    title: take.title,
    tags_json: "[]",
    status: "queued",
    pause_requested: 0,
    model: parameters.model,
    parameters_json: JSON.stringify(parameters),
    plan_json: JSON.stringify(plan),
    total_steps: plan.total_steps,
    phase: "queued",
    step,
    step_seconds: null,
    error_json: null,
    warnings_json: "[]",
    environment_json: null,
    resumes: 0,
    epoch: 0,
    waiting: 1,
    priority: take.priority,
    queue_front: 0,
    turn,
    isLast,
    begins_at: inherit && inherit.takeId === take.parentId ? inherit.step : null,
    steps_reused: step,
    shape_key: measuredKey(plan, parameters.model),
    rest_seconds: null,
    estimate_json: take.estimate && JSON.stringify(take.estimate),
    proof_json: null,
    environment_changes_json: "[]",
    created_at: take.nowMs,
    started_at: null,
    finished_at: null,
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
