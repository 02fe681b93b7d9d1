import {
  type Artifact,
  type ArtifactId,
  invariant,
  type State,
  type TakeId,
} from "@arc-fabric/contract";
import { sql } from "kysely";
import type { Claim, NewState, StoredState } from "@arc-fabric/core";
import { appendEvent } from "./append-event.ts";
import type { Queries, WriteTransaction } from "./database.ts";
import { findClaimed } from "./find-claimed.ts";
import { isoTime } from "./iso-time.ts";
import { median } from "./median.ts";
import { prepared } from "./prepared.ts";
import type { StateRow, TakeRow } from "./tables.ts";
import { toArtifact } from "./take-view.ts";

/** The time left is told from the median of this many newest steps: enough to ignore a hiccup, few enough to follow a change. */
const RECENT_STEPS = 9;

export async function addState(
  tx: WriteTransaction,
  claim: Claim,
  state: NewState,
  nowMs: number,
): Promise<boolean> {
  const row = await findClaimed(tx, claim);
  if (!row) return false;
  const { step, sigma, bytes, digest, derivation, seconds, model_seconds, previewDigest } = state;
  const { environment } = state;
  const values = {
    sigma,
    bytes,
    digest,
    derivation,
    preview_digest: previewDigest,
    reused: 0,
    environment,
    seconds,
    model_seconds,
    created_at: nowMs,
  };
  await tx.db
    .insertInto("states")
    .values({ take_id: row.id, step, ...values })
    .onConflict((conflict) => conflict.columns(["take_id", "step"]).doUpdateSet(values))
    .execute();
  await updateProgress(tx, row);
  const data = {
    take_id: row.id,
    step,
    total_steps: row.total_steps,
    sigma,
    digest,
    seconds,
    has_preview: previewDigest !== null,
  };
  await appendEvent(tx, row.session_id, { type: "step.completed", data }, nowMs);
  return true;
}

export async function dropState(tx: WriteTransaction, claim: Claim, step: number): Promise<void> {
  const row = await findClaimed(tx, claim);
  if (!row) return;
  await tx.db.deleteFrom("states").where("take_id", "=", row.id).where("step", "=", step).execute();
  await updateProgress(tx, row);
}

/** After rows of its states came or went. What is computed again after a reused state was lost is not reused any more. */
export async function updateProgress(
  tx: WriteTransaction,
  { id, steps_reused }: Pick<TakeRow, "id" | "steps_reused">,
): Promise<void> {
  const [newest] = await selectNewest(tx.db, { id });
  const step = newest?.step ?? 0;
  const computed = await selectComputed(tx.db, { id });
  const step_seconds = median(computed.map(({ seconds }) => seconds));
  await setProgress(tx.db, { id, step, step_seconds, steps_reused: Math.min(step, steps_reused) });
}

const selectNewest = prepared((db, { id }: { id: TakeId }) =>
  db
    .selectFrom("states")
    .select("step")
    .where("take_id", "=", id)
    .orderBy("step", "desc")
    .limit(sql.lit(1)),
);

const selectComputed = prepared((db, { id }: { id: TakeId }) =>
  db
    .selectFrom("states")
    .select("seconds")
    .where("take_id", "=", id)
    .where("reused", "=", sql.lit(0))
    .orderBy("step", "desc")
    .limit(sql.lit(RECENT_STEPS)),
);

const setProgress = prepared(
  (db, row: Pick<TakeRow, "id" | "step" | "step_seconds" | "steps_reused">) =>
    db
      .updateTable("takes")
      .set({ step: row.step, step_seconds: row.step_seconds, steps_reused: row.steps_reused })
      .where("id", "=", row.id),
);

export async function addArtifact(
  tx: WriteTransaction,
  claim: Claim,
  artifact: Artifact,
  nowMs: number,
): Promise<boolean> {
  const row = await findClaimed(tx, claim);
  if (!row) return false;
  invariant(
    artifact.take_id === row.id,
    `artifact ${artifact.id} belongs to the claimed take ${row.id}`,
  );
  const { id, take_id, kind, media_type, bytes, digest, metadata, created_at } = artifact;
  const values = {
    id,
    take_id,
    kind,
    media_type,
    bytes,
    digest,
    metadata_json: JSON.stringify(metadata),
    created: created_at,
  };
  await tx.db
    .deleteFrom("artifacts")
    .where("take_id", "=", row.id)
    .where("kind", "=", kind)
    .execute();
  await tx.db.insertInto("artifacts").values(values).execute();
  await appendEvent(
    tx,
    row.session_id,
    { type: "artifact.created", data: { take_id: row.id, artifact } },
    nowMs,
  );
  return true;
}

export async function getArtifact(db: Queries, id: ArtifactId): Promise<Artifact | null> {
  const row = await db.selectFrom("artifacts").selectAll().where("id", "=", id).executeTakeFirst();
  return row ? toArtifact(row) : null;
}

export async function listStates(db: Queries, id: TakeId): Promise<State[]> {
  const rows = await db
    .selectFrom("states")
    .selectAll()
    .where("take_id", "=", id)
    .orderBy("step")
    .execute();
  return rows.map(toState);
}

export async function getState(db: Queries, id: TakeId, step: number): Promise<StoredState | null> {
  const row = await db
    .selectFrom("states")
    .selectAll()
    .where("take_id", "=", id)
    .where("step", "=", step)
    .executeTakeFirst();
  return row ? toStoredState(row) : null;
}

export async function latestState(db: Queries, id: TakeId): Promise<StoredState | null> {
  const row = await db
    .selectFrom("states")
    .selectAll()
    .where("take_id", "=", id)
    .orderBy("step", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ? toStoredState(row) : null;
}

export async function labelState(
  tx: WriteTransaction,
  { id, step, label, nowMs }: { id: TakeId; step: number; label: string | null; nowMs: number },
): Promise<State | null> {
  const row = await tx.db
    .updateTable("states")
    .set({ label })
    .where("take_id", "=", id)
    .where("step", "=", step)
    .returningAll()
    .executeTakeFirst();
  if (!row) return null;
  const { session_id } = await tx.db
    .selectFrom("takes")
    .select("session_id")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  const data = { take_id: id, step, label };
  await appendEvent(tx, session_id, { type: "state.labelled", data }, nowMs);
  return toState(row);
}

/** Everything that a row names: states with their previews, artifacts, what plans read, uploaded files. */
export async function referencedBlobs(db: Queries): Promise<ReadonlySet<string>> {
  const digests = new Set<string>();
  const states = await db.selectFrom("states").select(["digest", "preview_digest"]).execute();
  for (const { digest, preview_digest } of states) {
    digests.add(digest);
    if (preview_digest) digests.add(preview_digest);
  }
  for (const table of ["artifacts", "take_inputs", "files"] as const)
    for (const { digest } of await db.selectFrom(table).select("digest").execute())
      digests.add(digest);
  return digests;
}

function toStoredState(row: StateRow): StoredState {
  return { ...toState(row), previewDigest: row.preview_digest, environment: row.environment };
}

export function toState(row: StateRow): State {
  return {
    take_id: row.take_id,
    step: row.step,
    sigma: row.sigma,
    bytes: row.bytes,
    digest: row.digest,
    derivation: row.derivation,
    has_preview: row.preview_digest !== null,
    label: row.label,
    reused: row.reused === 1,
    seconds: row.seconds,
    model_seconds: row.model_seconds,
    created_at: isoTime(row.created_at),
  };
}
