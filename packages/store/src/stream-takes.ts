import { invariant, TAKE_LIFECYCLE, type Take } from "@arc-fabric/contract";
import type {
  IdempotencyRecord,
  NewTake,
  StoredStream,
  StreamLink,
  StreamPatch,
} from "@arc-fabric/core";
import { createTake } from "./create-take.ts";
import type { WriteTransaction } from "./database.ts";
import { createStream, getStream, replaceStream } from "./streams.ts";
import { cancelTake, findTakeRow } from "./takes.ts";

/** A change of a stream and of the block that it gives up by it. */
export async function updateStream(
  tx: WriteTransaction,
  before: StoredStream,
  changes: StreamPatch,
  nowMs: number,
): Promise<StoredStream | null> {
  const after = await replaceStream(tx, before, { ...before, ...changes }, nowMs);
  const { next_take_id: given } = before;
  if (!after || !given || given === after.next_take_id) return after;
  const block = await findTakeRow(tx.db, given);
  if (block && TAKE_LIFECYCLE[block.status].cancel) await cancelTake(tx, given, nowMs);
  return after;
}

/** A take and what becomes of a stream with it: so no block is ever made that no stream knows of. */
export async function createStreamTake(
  tx: WriteTransaction,
  take: NewTake,
  idempotency: IdempotencyRecord | null,
  link: StreamLink,
): Promise<{ take: Take; replayed: boolean } | null> {
  if (link.kind !== "begin" && !(await isAsRead(tx, link.before))) return null;
  const created = await createTake(tx, take, idempotency);
  if (!created.replayed) await apply(tx, created.take, link, take.nowMs);
  return created;
}

async function isAsRead(tx: WriteTransaction, before: StoredStream): Promise<boolean> {
  return JSON.stringify(await getStream(tx.db, before.id)) === JSON.stringify(before);
}

async function apply(
  tx: WriteTransaction,
  { id, session_id }: Take,
  link: StreamLink,
  nowMs: number,
): Promise<void> {
  if (link.kind === "begin")
    return createStream(tx, { ...link.stream, session_id, next_take_id: id }, nowMs);
  const changes: StreamPatch =
    link.kind === "next"
      ? { next_take_id: id }
      : { status: "ended", next_take_id: null, final: { take_id: id, key: link.key } };
  const changed = await updateStream(tx, link.before, changes, nowMs);
  invariant(changed, "the stream was compared in this transaction");
}
