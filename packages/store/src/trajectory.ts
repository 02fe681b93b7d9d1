import {
  type Artifact,
  type ArtifactId,
  invariant,
  type State,
  type TakeId,
} from "@arc-fabric/contract";
import type { Claim, NewState } from "@arc-fabric/core";
import { appendEvent } from "./append-event.ts";
import { findClaimed } from "./claims.ts";
import type { Queries, WriteTransaction } from "./database.ts";
import { isoTime } from "./iso-time.ts";
import { median } from "./median.ts";
import type { StateRow, TakeRow } from "./tables.ts";
import { toArtifact } from "./take-view.ts";

/** The time left is told from the median of this many newest steps: enough to ignore a hiccup, few enough to follow a change. */
const RECENT_STEPS = 9;

export type StoredState = State & { previewDigest: string | null };

export async function addState(
  tx: WriteTransaction,
  claim: Claim,
  state: NewState,
  nowMs: number,
): Promise<boolean> {
  const row = await findClaimed(tx, claim);
  if (!row) return false;
  const { step, sigma, bytes, digest, derivation, seconds, model_seconds, previewDigest } = state;
  const values = {
    sigma,
    bytes,
    digest,
    derivation,
    preview_digest: previewDigest,
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

async function updateProgress(tx: WriteTransaction, { id }: TakeRow): Promise<void> {
  const recent = await tx.db
    .selectFrom("states")
    .select(["step", "seconds"])
    .where("take_id", "=", id)
    .orderBy("step", "desc")
    .limit(RECENT_STEPS)
    .execute();
  const step_seconds = median(recent.map(({ seconds }) => seconds));
  await tx.db
    .updateTable("takes")
    .set({ step: recent[0]?.step ?? 0, step_seconds })
    .where("id", "=", id)
    .execute();
}

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

export async function referencedBlobs(db: Queries): Promise<ReadonlySet<string>> {
  const states = await db.selectFrom("states").select(["digest", "preview_digest"]).execute();
  const artifacts = await db.selectFrom("artifacts").select("digest").execute();
  const digests = new Set(artifacts.map(({ digest }) => digest));
  for (const { digest, preview_digest } of states) {
    digests.add(digest);
    if (preview_digest) digests.add(preview_digest);
  }
  return digests;
}

function toStoredState(row: StateRow): StoredState {
  return { ...toState(row), previewDigest: row.preview_digest };
}

function toState(row: StateRow): State {
  const {
    take_id,
    step,
    sigma,
    bytes,
    digest,
    derivation,
    preview_digest,
    seconds,
    model_seconds,
    created_at,
  } = row;
  const has_preview = preview_digest !== null;
  return {
    take_id,
    step,
    sigma,
    bytes,
    digest,
    derivation,
    has_preview,
    seconds,
    model_seconds,
    created_at: isoTime(created_at),
  };
}
