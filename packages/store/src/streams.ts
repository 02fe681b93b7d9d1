import type { SessionId, Stream, StreamId, TakeId } from "@arc-fabric/contract";
import type { StoredStream } from "@arc-fabric/core";
import { appendEvent, sessionNotFound } from "./append-event.ts";
import type { Queries, WriteTransaction } from "./database.ts";
import { sessionExists } from "./sessions.ts";
import type { StreamRow, TakeRow } from "./tables.ts";

export async function createStream(
  tx: WriteTransaction,
  stream: StoredStream,
  nowMs: number,
): Promise<StoredStream> {
  if (!(await sessionExists(tx.db, stream.session_id))) throw sessionNotFound(stream.session_id);
  await tx.db.insertInto("streams").values(toRow(stream)).execute();
  await tellChanged(tx, stream, nowMs);
  return stream;
}

export async function getStream(db: Queries, id: StreamId): Promise<StoredStream | null> {
  const row = await db.selectFrom("streams").selectAll().where("id", "=", id).executeTakeFirst();
  return row ? toStream(row) : null;
}

interface StreamFilter {
  readonly sessionId?: SessionId | undefined;
  readonly status?: Stream["status"] | undefined;
}

export async function listStreams(
  db: Queries,
  { sessionId, status }: StreamFilter,
): Promise<StoredStream[]> {
  let query = db.selectFrom("streams").selectAll();
  if (sessionId) query = query.where("session_id", "=", sessionId);
  if (status) query = query.where("status", "=", status);
  return (await query.orderBy("id", "desc").execute()).map(toStream);
}

type StreamChanges = Partial<Omit<StoredStream, "id" | "session_id" | "created_at">>;

export async function updateStream(
  tx: WriteTransaction,
  id: StreamId,
  changes: StreamChanges,
  nowMs: number,
): Promise<StoredStream | null> {
  const before = await getStream(tx.db, id);
  if (!before) return null;
  const after = { ...before, ...changes };
  await tx.db.updateTable("streams").set(toRow(after)).where("id", "=", id).execute();
  if (visible(before) !== visible(after)) await tellChanged(tx, after, nowMs);
  return after;
}

/** Streams whose newest block is deleted go on from the block before. */
export async function rewindStreams(
  tx: WriteTransaction,
  take: Pick<TakeRow, "id" | "session_id" | "parent_id">,
  nowMs: number,
): Promise<void> {
  for (const stream of await listStreams(tx.db, { sessionId: take.session_id })) {
    if (stream.head_take_id !== take.id) continue;
    const head = take.parent_id as TakeId | null;
    const blocks = head === null ? 0 : stream.blocks - 1;
    const changes = { head_take_id: head, blocks, revision: stream.revision + 1 };
    await updateStream(tx, stream.id, changes, nowMs);
  }
}

/** All but what only the server needs. */
function visible({ revision: _revision, seed: _seed, ...stream }: StoredStream): string {
  return JSON.stringify(stream);
}

async function tellChanged(
  tx: WriteTransaction,
  stream: StoredStream,
  nowMs: number,
): Promise<void> {
  const { id, session_id, status, prompt, head_take_id, next_take_id, blocks, error } = stream;
  const data = { stream_id: id, status, prompt, head_take_id, next_take_id, blocks, error };
  await appendEvent(tx, session_id, { type: "stream.changed", data }, nowMs);
}

function toRow(stream: StoredStream): StreamRow {
  const { id, session_id, status } = stream;
  return { id, session_id, status, stream_json: JSON.stringify(stream) };
}

function toStream(row: StreamRow): StoredStream {
  return JSON.parse(row.stream_json);
}
