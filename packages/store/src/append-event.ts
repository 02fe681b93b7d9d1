import { type FabricEvent, FabricError, type NewEvent, type SessionId } from "@arc-fabric/contract";
import type { WriteTransaction } from "./database.ts";
import { isoTime } from "./iso-time.ts";
import type { EventRow } from "./tables.ts";

/**
 * Writes an event in the caller's transaction and has it announced after the commit. The session's row hands out the
 * sequence numbers: its lock keeps them gapless, and in the order of the commits, in every dialect.
 * @throws FabricError `session_not_found`
 */
export async function appendEvent(tx: WriteTransaction, sessionId: SessionId, event: NewEvent, nowMs: number): Promise<void> {
  const session = await tx.db
    .updateTable("sessions")
    .set((eb) => ({ last_seq: eb("last_seq", "+", 1), updated_at: nowMs }))
    .where("id", "=", sessionId)
    .returning("last_seq as seq")
    .executeTakeFirst();
  if (!session) throw sessionNotFound(sessionId);
  const { position } = await tx.db
    .insertInto("events")
    .values({ session_id: sessionId, seq: session.seq, type: event.type, data_json: JSON.stringify(event.data), at: nowMs })
    .returning("position")
    .executeTakeFirstOrThrow();
  tx.announce({ ...event, session_id: sessionId, seq: session.seq, position, at: isoTime(nowMs) });
}

export function sessionNotFound(id: SessionId): FabricError {
  return new FabricError("session_not_found", `There is no session ${id}.`, { details: { session_id: id } });
}

export function toEvent(row: EventRow): FabricEvent {
  const { type, data_json: data, session_id, seq, position, at } = row;
  return { type, data: JSON.parse(data), session_id, seq, position, at: isoTime(at) } as FabricEvent;
}
