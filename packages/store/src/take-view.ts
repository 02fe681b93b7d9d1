import type { Artifact, Take, TakeId, TakeProgress } from "@arc-fabric/contract";
import type { Queries } from "./database.ts";
import { isoTime } from "./iso-time.ts";
import { queuePositions } from "./queue.ts";
import type { ArtifactRow, TakeRow } from "./tables.ts";

export async function viewTake(db: Queries, row: TakeRow): Promise<Take> {
  const [take] = await viewTakes(db, [row]);
  return take!;
}

/** Takes as the API shows them: their rows with artifacts and places in the queue, in the order of `rows`. */
export async function viewTakes(db: Queries, rows: readonly TakeRow[]): Promise<Take[]> {
  const artifacts = await artifactsOf(
    db,
    rows.map((row) => row.id),
  );
  const positions = await queuePositions(
    db,
    rows.filter((row) => row.status === "queued"),
  );
  return rows.map((row) => toTake(row, artifacts.get(row.id) ?? [], positions.get(row.id) ?? null));
}

/** What a take was made of: the largest part of its row. */
type Requested = Pick<Take, "parameters" | "plan" | "origin">;

function parseRequested(row: Omit<TakeRow, "queue_order">): Requested {
  return {
    parameters: JSON.parse(row.parameters_json),
    plan: JSON.parse(row.plan_json),
    origin: JSON.parse(row.origin_json),
  };
}

/** @param requested what the row's JSON says, where the caller has it */
export function toTake(
  row: Omit<TakeRow, "queue_order">,
  artifacts: readonly Artifact[],
  queuePosition: number | null,
  requested: Requested = parseRequested(row),
): Take {
  return {
    id: row.id,
    session_id: row.session_id,
    parent_id: row.parent_id,
    origin: requested.origin,
    title: row.title,
    tags: JSON.parse(row.tags_json),
    status: row.status,
    pause_requested: row.pause_requested === 1,
    priority: row.priority,
    model: row.model,
    parameters: requested.parameters,
    plan: requested.plan,
    progress: toProgress(row),
    queue_position: queuePosition,
    error: row.error_json === null ? null : JSON.parse(row.error_json),
    warnings: JSON.parse(row.warnings_json),
    environment: row.environment_json === null ? null : JSON.parse(row.environment_json),
    environment_changes: JSON.parse(row.environment_changes_json),
    resumes: row.resumes,
    steps_reused: row.steps_reused,
    estimate: row.estimate_json === null ? null : JSON.parse(row.estimate_json),
    proof: row.proof_json === null ? null : JSON.parse(row.proof_json),
    artifacts: [...artifacts],
    created_at: isoTime(row.created_at),
    started_at: row.started_at === null ? null : isoTime(row.started_at),
    finished_at: row.finished_at === null ? null : isoTime(row.finished_at),
  };
}

function toProgress(row: Omit<TakeRow, "queue_order">): TakeProgress {
  const { status, phase, step, total_steps, step_seconds } = row;
  const stopped = status === "failed" || status === "cancelled" || step_seconds === null;
  return {
    phase,
    step,
    total_steps,
    step_seconds,
    remaining_seconds: stopped ? null : (total_steps - step) * step_seconds,
  };
}

async function artifactsOf(db: Queries, ids: readonly TakeId[]): Promise<Map<TakeId, Artifact[]>> {
  const byTake = new Map<TakeId, Artifact[]>();
  if (ids.length === 0) return byTake;
  const rows = await db
    .selectFrom("artifacts")
    .selectAll()
    .where("take_id", "in", ids)
    .orderBy("id")
    .execute();
  for (const row of rows) {
    const known = byTake.get(row.take_id);
    if (known) known.push(toArtifact(row));
    else byTake.set(row.take_id, [toArtifact(row)]);
  }
  return byTake;
}

export function toArtifact(row: ArtifactRow): Artifact {
  const { id, take_id, kind, media_type, bytes, digest, metadata_json, created } = row;
  return {
    id,
    take_id,
    kind,
    media_type,
    bytes,
    digest,
    metadata: JSON.parse(metadata_json),
    created_at: created,
  };
}
