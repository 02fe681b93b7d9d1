import {
  type FabricEvent,
  FabricError,
  invariant,
  type NewEvent,
  type SessionId,
} from "@arc-fabric/contract";
import type { WriteTransaction } from "./database.ts";
import { isoTime } from "./iso-time.ts";
import { prepared } from "./prepared.ts";
import type { EventRow } from "./tables.ts";

const nextSeq = prepared((db, { id, nowMs }: { id: SessionId; nowMs: number }) =>
  db
    .updateTable("sessions")
    .set((eb) => ({ last_seq: eb("last_seq", "+", 1), updated_at: nowMs }))
    .where("id", "=", id)
    .returning("last_seq as seq"),
);

const insertEvent = prepared((db, row: Omit<EventRow, "position">) =>
  db
    .insertInto("events")
    .values({
      session_id: row.session_id,
      seq: row.seq,
      type: row.type,
      data_json: row.data_json,
      at: row.at,
    })
    .returning("position"),
);

/**
 * Writes an event in the caller's transaction and has it announced after the commit. The session's row hands out the
 * sequence numbers: its lock keeps them gapless, and in the order of the commits, in every dialect.
 * @throws FabricError `session_not_found`
 */
export async function appendEvent(
  tx: WriteTransaction,
  sessionId: SessionId,
  event: NewEvent,
  nowMs: number,
): Promise<void> {
  const [session] = await nextSeq(tx.db, { id: sessionId, nowMs });
  if (!session) throw sessionNotFound(sessionId);
  const numbered = { ...event, session_id: sessionId, seq: session.seq, at: isoTime(nowMs) };
  await insertNumberedEvent(tx, numbered);
}

/** An event whose number within its session is known already. */
export async function insertNumberedEvent(
  tx: WriteTransaction,
  event: NewEvent & Omit<FabricEvent, "position" | keyof NewEvent>,
): Promise<void> {
  const { type, data, session_id, seq, at } = event;
  const row = { session_id, seq, type, data_json: JSON.stringify(data), at: Date.parse(at) };
  const [inserted] = await insertEvent(tx.db, row);
  invariant(inserted, "an inserted event has a position");
  tx.announce({ ...event, position: inserted.position } as FabricEvent);
}

export function sessionNotFound(id: SessionId): FabricError {
  return new FabricError("session_not_found", `There is no session ${id}.`, {
    details: { session_id: id },
  });
}

export function toEvent(row: EventRow): FabricEvent {
  const { type, data_json: data, session_id, seq, position, at } = row;
  return {
    type,
    data: JSON.parse(data),
    session_id,
    seq,
    position,
    at: isoTime(at),
  } as FabricEvent;
}
