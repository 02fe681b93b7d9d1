import type { SessionId, Stream, StreamId, TakeId } from "@arc-fabric/contract";
import type { StoredStream } from "@arc-fabric/core";
import { appendEvent } from "./append-event.ts";
import type { Queries, WriteTransaction } from "./database.ts";
import type { StreamRow, TakeRow } from "./tables.ts";

export async function createStream(
  tx: WriteTransaction,
  stream: StoredStream,
  nowMs: number,
): Promise<void> {
  await insertStream(tx, stream);
  await tellChanged(tx, stream, nowMs);
}

/** Without an event. */
export async function insertStream(tx: WriteTransaction, stream: StoredStream): Promise<void> {
  await tx.db.insertInto("streams").values(toRow(stream)).execute();
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

/** @returns null when it is not any more what it was: nothing is written then */
export async function replaceStream(
  tx: WriteTransaction,
  before: StoredStream,
  after: StoredStream,
  nowMs: number,
): Promise<StoredStream | null> {
  const { numUpdatedRows } = await tx.db
    .updateTable("streams")
    .set(toRow(after))
    .where("id", "=", before.id)
    .where("stream_json", "=", toRow(before).stream_json)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return null;
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
    const after = { ...stream, head_take_id: head, blocks, revision: stream.revision + 1 };
    await replaceStream(tx, stream, after, nowMs);
  }
}

/** All but what only the server needs. */
function visible({
  revision: _revision,
  seed: _seed,
  final: _final,
  ...stream
}: StoredStream): string {
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
