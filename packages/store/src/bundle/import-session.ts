import type { Session } from "@arc-fabric/contract";
import type { NewIds, SessionRecords } from "@arc-fabric/core";
import { insertNumberedEvent } from "../append-event.ts";
import type { WriteTransaction } from "../database.ts";
import { requireSession } from "../sessions.ts";
import { measuredKey } from "../shape-key.ts";
import { insertStream, replaceStream } from "../streams.ts";
import { addToCount } from "../take-counts.ts";
import { withFreeIds } from "./new-ids.ts";
import {
  parseRecords,
  type Records,
  type StateRecord,
  type StreamRecord,
  type TakeRecord,
} from "./records.ts";

export async function importSession(
  tx: WriteTransaction,
  records: SessionRecords,
  nowMs: number,
  newIds: NewIds,
): Promise<Session> {
  const checked = await withFreeIds(tx.db, parseRecords(records), newIds);
  await insertSessionRow(tx, checked);
  await insertFiles(tx, checked, nowMs);
  await insertTakes(tx, checked);
  for (const state of checked.states)
    await tx.db.insertInto("states").values(stateRow(state)).execute();
  for (const { metadata, created_at, ...artifact } of checked.artifacts)
    await tx.db
      .insertInto("artifacts")
      .values({ ...artifact, metadata_json: JSON.stringify(metadata), created: created_at })
      .execute();
  for (const line of checked.log_lines) await tx.db.insertInto("log_lines").values(line).execute();
  for (const event of checked.events) await insertNumberedEvent(tx, event);
  for (const stream of checked.streams) await bringStream(tx, stream, nowMs);
  return requireSession(tx.db, checked.session.id);
}

/** Nobody here has asked for its next block yet. */
async function bringStream(
  tx: WriteTransaction,
  stream: StreamRecord,
  nowMs: number,
): Promise<void> {
  await insertStream(tx, stream);
  if (stream.status === "running")
    await replaceStream(tx, stream, { ...stream, status: "paused" }, nowMs);
}

async function insertSessionRow(tx: WriteTransaction, records: Records): Promise<void> {
  const { id, title, head_take_id, created_at, updated_at } = records.session;
  await tx.db
    .insertInto("sessions")
    .values({
      id,
      title,
      head_take_id,
      created_at: Date.parse(created_at),
      updated_at: Date.parse(updated_at),
      last_seq: records.events.length,
    })
    .execute();
}

async function insertFiles(tx: WriteTransaction, records: Records, nowMs: number): Promise<void> {
  for (const file of records.session.files)
    await tx.db
      .insertInto("files")
      .values({ ...file, created_at: nowMs })
      .onConflict((conflict) => conflict.column("digest").doNothing())
      .execute();
}

/** Parents may come after their children in the records, so the tree is put together at the end. */
async function insertTakes(tx: WriteTransaction, { takes, states }: Records): Promise<void> {
  const statesOf = Map.groupBy(states, (state) => state.take_id);
  for (const take of takes) {
    await tx.db
      .insertInto("takes")
      .values(takeRow(take, statesOf.get(take.id) ?? []))
      .execute();
    await addToCount(tx, take.status, 1);
    for (const digest of new Set(take.inputs))
      await tx.db.insertInto("take_inputs").values({ take_id: take.id, digest }).execute();
  }
  for (const { id, parent_id } of takes)
    if (parent_id !== null)
      await tx.db.updateTable("takes").set({ parent_id }).where("id", "=", id).execute();
}

/** It was claimed on no machine (epoch 0), so its times are not taken for measurements of this one. */
function takeRow(take: TakeRecord, states: readonly StateRecord[]) {
  const { status, model, plan, parameters } = take;
  const json = (value: unknown) => (value === null ? null : JSON.stringify(value));
  const ms = (time: string | null) => (time === null ? null : Date.parse(time));
  const step = Math.max(0, ...states.map((state) => state.step));
  return {
    id: take.id,
    session_id: take.session_id,
    title: take.title,
    status,
    pause_requested: 0,
    model,
    waiting: 0,
    priority: take.priority,
    queue_front: 0,
    turn: 0,
    epoch: 0,
    resumes: take.resumes,
    begins_at: take.begins_at,
    step,
    steps_reused: Math.min(step, take.steps_reused),
    origin_json: JSON.stringify(take.origin),
    tags_json: JSON.stringify(take.tags),
    parameters_json: JSON.stringify(parameters),
    plan_json: JSON.stringify(plan),
    total_steps: plan.total_steps,
    shape_key: measuredKey(plan, model),
    phase: take.progress.phase,
    step_seconds: take.progress.step_seconds,
    error_json: json(take.error),
    warnings_json: JSON.stringify(take.warnings),
    environment_json: json(take.environment),
    environment_changes_json: JSON.stringify(take.environment_changes),
    estimate_json: json(take.estimate),
    proof_json: json(take.proof),
    created_at: Date.parse(take.created_at),
    started_at: ms(take.started_at),
    finished_at: ms(take.finished_at),
  };
}

function stateRow({ reused, created_at, ...state }: StateRecord) {
  return { ...state, reused: reused ? 1 : 0, created_at: Date.parse(created_at) };
}
