import type { FabricEvent, SessionId, TakeId } from "@arc-fabric/contract";
import type { SessionRecords } from "@arc-fabric/core";
import { toEvent } from "../append-event.ts";
import type { Queries } from "../database.ts";
import { toFile } from "../files.ts";
import { isoTime } from "../iso-time.ts";
import { refuseWhileActive } from "../sessions.ts";
import { listStreams } from "../streams.ts";
import { toArtifact, toTake } from "../take-view.ts";
import { toState } from "../trajectory.ts";
import type { SessionRow, StateRow, TakeRow } from "../tables.ts";
import {
  namedBlobs,
  type Records,
  RECORDS_VERSION,
  type StateRecord,
  type StreamRecord,
  type TakeRecord,
} from "./records.ts";

export async function exportSession(db: Queries, id: SessionId): Promise<SessionRecords | null> {
  const row = await db.selectFrom("sessions").selectAll().where("id", "=", id).executeTakeFirst();
  if (!row) return null;
  await refuseWhileActive(db, id);
  const takes = await takesOf(db, id);
  const rows = {
    session: await sessionRecord(db, row),
    takes,
    ...(await rowsOfTakes(db, id)),
    events: await eventsOf(db, id),
    streams: await streamsOf(db, id, new Set(takes.map((take) => take.id))),
  };
  return { ...rows, blobs: namedBlobs(rows) };
}

async function sessionRecord(db: Queries, row: SessionRow): Promise<Records["session"]> {
  const files = await db
    .selectFrom("files")
    .selectAll()
    .where("digest", "in", (eb) =>
      eb
        .selectFrom("take_inputs")
        .innerJoin("takes", "takes.id", "take_inputs.take_id")
        .select("take_inputs.digest")
        .where("takes.session_id", "=", row.id),
    )
    .orderBy("digest")
    .execute();
  return {
    version: RECORDS_VERSION,
    id: row.id,
    title: row.title,
    head_take_id: row.head_take_id,
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
    files: files.map(toFile),
  };
}

async function takesOf(db: Queries, id: SessionId): Promise<TakeRecord[]> {
  const rows = await db
    .selectFrom("takes")
    .selectAll()
    .where("session_id", "=", id)
    .orderBy("queue_order")
    .execute();
  const inputs = await db
    .selectFrom("take_inputs")
    .innerJoin("takes", "takes.id", "take_inputs.take_id")
    .select(["take_inputs.take_id", "take_inputs.digest"])
    .where("takes.session_id", "=", id)
    .orderBy("take_inputs.digest")
    .execute();
  const inputsOf = Map.groupBy(inputs, (input) => input.take_id);
  const own = new Set(rows.map((row) => row.id));
  return rows.map((row) => takeRecord(row, own, inputsOf.get(row.id) ?? []));
}

/** A parent in another session stays behind. */
function takeRecord(
  row: TakeRow,
  own: ReadonlySet<TakeId>,
  inputs: readonly { digest: string }[],
): TakeRecord {
  const { artifacts: _, queue_position: __, pause_requested: ___, ...take } = toTake(row, [], null);
  const parent_id = take.parent_id !== null && own.has(take.parent_id) ? take.parent_id : null;
  const begins_at = parent_id === null ? null : row.begins_at;
  return { ...take, parent_id, begins_at, inputs: inputs.map(({ digest }) => digest) };
}

async function rowsOfTakes(
  db: Queries,
  id: SessionId,
): Promise<Pick<Records, "states" | "artifacts" | "log_lines">> {
  const states = await db
    .selectFrom("states")
    .innerJoin("takes", "takes.id", "states.take_id")
    .selectAll("states")
    .where("takes.session_id", "=", id)
    .orderBy("takes.queue_order")
    .orderBy("states.step")
    .execute();
  const artifacts = await db
    .selectFrom("artifacts")
    .innerJoin("takes", "takes.id", "artifacts.take_id")
    .selectAll("artifacts")
    .where("takes.session_id", "=", id)
    .orderBy("artifacts.id")
    .execute();
  const log_lines = await db
    .selectFrom("log_lines")
    .innerJoin("takes", "takes.id", "log_lines.take_id")
    .select(["log_lines.take_id", "at", "level", "source", "message"])
    .where("takes.session_id", "=", id)
    .orderBy("log_lines.id")
    .execute();
  return { states: states.map(stateRecord), artifacts: artifacts.map(toArtifact), log_lines };
}

function stateRecord(row: StateRow): StateRecord {
  const { has_preview: _, ...state } = toState(row);
  return { ...state, preview_digest: row.preview_digest, environment: row.environment };
}

/** A block or a clip that was deleted is not named any more. */
async function streamsOf(
  db: Queries,
  sessionId: SessionId,
  own: ReadonlySet<TakeId>,
): Promise<StreamRecord[]> {
  const streams = await listStreams(db, { sessionId });
  return streams.toReversed().map(({ next_take_id: next, final, ...stream }) => ({
    ...stream,
    next_take_id: next !== null && own.has(next) ? next : null,
    final: final && own.has(final.take_id) ? { take_id: final.take_id, key: null } : null,
  }));
}

async function eventsOf(db: Queries, id: SessionId): Promise<Omit<FabricEvent, "position">[]> {
  const rows = await db
    .selectFrom("events")
    .selectAll()
    .where("session_id", "=", id)
    .orderBy("seq")
    .execute();
  return rows.map((row) => {
    const { position: _, ...event } = toEvent(row);
    return event;
  });
}
