import type { FabricEvent, NewEvent } from "@arc-fabric/contract";
import { sampleTake, SESSION_ID, stepCompleted } from "@arc-fabric/contract/testing";

const AT = "2026-11-21T03:00:00.000Z";

export function sampleEvent(seq: number, event: NewEvent, position = seq): FabricEvent {
  return { ...event, session_id: SESSION_ID, seq, position, at: AT };
}

export function stepEvent(seq: number, step = seq, seconds = 0.5): FabricEvent {
  return sampleEvent(seq, stepCompleted(sampleTake(), step, seconds));
}
