import {
  type EventData,
  type EventType,
  type FabricEvent,
  type SessionId,
  type StreamId,
  type TakeId,
  TAKE_LIFECYCLE,
  type TakeStatus,
  type TakeTransition,
} from "@arc-fabric/contract";
import type { Conditions } from "./sim-models.ts";

/** What the events alone say of a take. A claim is no event, so a take that was claimed and has not started counts as queued. */
export interface LedgerTake {
  readonly id: TakeId;
  readonly session: SessionId;
  status: TakeStatus;
  step: number;
  marked: boolean;
  /** It was interrupted, preempted or resumed: it goes before those that take turns. */
  atFront: boolean;
  completedSteps: number[];
  readonly artifacts: Set<string>;
  /** Claims so far of all takes when it began to wait. */
  waitsSince: number;
  /** Under which each step was computed, also where that was for another take. */
  readonly conditions: Conditions[];
}

/** What the events alone say of a stream. */
export interface LedgerStream {
  readonly id: StreamId;
  readonly session: SessionId;
  /** All takes that were ever its next block. */
  readonly blocks: Set<TakeId>;
  next: TakeId | null;
}

interface Law {
  readonly in: readonly TakeStatus[];
  /** Where it leads; nowhere unless set. */
  readonly by?: TakeTransition;
}

const ACTIVE: readonly TakeStatus[] = ["queued", "running"];
const ANY: readonly TakeStatus[] = [
  "queued",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
];
const FINISHED: readonly TakeStatus[] = ["completed", "failed", "cancelled"];

/** In which statuses an event may come, and where it leads. */
const LAWS: Partial<Record<EventType, Law>> = {
  "take.started": { in: ["queued"] },
  "take.warned": { in: ["running"] },
  "phase.changed": { in: ACTIVE },
  "step.completed": { in: ["running"] },
  "take.reused": { in: ["queued"] },
  "take.pause_requested": { in: ACTIVE },
  "take.paused": { in: ACTIVE, by: "pause" },
  "take.resumed": { in: [...ACTIVE, "paused"] },
  "take.preempted": { in: ACTIVE, by: "requeue" },
  "take.environment_changed": { in: ["running"] },
  "take.proved": { in: ["running"] },
  "take.changed": { in: ANY },
  "state.labelled": { in: ANY },
  "states.thinned": { in: FINISHED },
  "take.interrupted": { in: ACTIVE, by: "requeue" },
  "artifact.created": { in: ["running"] },
  "take.completed": { in: ["running"], by: "complete" },
  "take.failed": { in: ACTIVE, by: "fail" },
  "take.cancelled": { in: [...ACTIVE, "paused"], by: "cancel" },
  "take.deleted": { in: FINISHED },
};

/** A simple model of all takes: follows the announced events and refuses one that must not come. */
export class TakeLedger {
  readonly takes = new Map<TakeId, LedgerTake>();
  readonly streams = new Map<StreamId, LedgerStream>();
  /** Conditions of takes, deleted ones too: others may have begun with their states. */
  readonly conditions = new Map<TakeId, Conditions[]>();
  /** Digest of the newest state that was computed for a take. */
  readonly newest = new Map<TakeId, string>();
  /** Announced events by session. */
  readonly announced = new Map<SessionId, FabricEvent[]>();
  /** Claims so far. */
  claims = 0;
  /** Takes whose newest states were damaged: their steps may come a second time. */
  readonly damaged = new Set<TakeId>();

  /** @throws Error when the event breaks a law */
  follow(event: FabricEvent, conditions: Conditions): void {
    const events = this.announced.get(event.session_id) ?? [];
    this.announced.set(event.session_id, events);
    if (event.seq !== events.length + 1)
      throw new Error(`event ${event.seq} of ${event.session_id} follows ${events.length}`);
    events.push(event);
    if (event.type === "stream.changed") this.#followStream(event.data, event.session_id);
    else if (event.type === "take.queued") this.#add(event.data.take_id, event.session_id);
    else if ("take_id" in event.data) this.#apply(event, event.data.take_id, conditions);
  }

  /** The take stands at `step` because it has got states of `from`. */
  begin(take: LedgerTake, step: number, from: TakeId | null): void {
    take.step = step;
    // It may have got the damaged state, and falls back to the one before as well.
    if (from && step > 0 && this.damaged.has(from)) this.damaged.add(take.id);
    const source = (from && this.conditions.get(from)) || [];
    for (let i = 0; i < step; i++) take.conditions[i] ??= source[i]!;
  }

  #followStream(data: EventData<"stream.changed">, session: SessionId): void {
    const { stream_id: id, next_take_id: next } = data;
    const stream = this.streams.get(id) ?? { id, session, blocks: new Set(), next: null };
    this.streams.set(id, stream);
    stream.next = next;
    if (next) stream.blocks.add(next);
  }

  #add(id: TakeId, session: SessionId): void {
    const conditions: Conditions[] = [];
    this.conditions.set(id, conditions);
    this.takes.set(id, {
      id,
      session,
      status: "queued",
      step: 0,
      marked: false,
      atFront: false,
      completedSteps: [],
      artifacts: new Set(),
      waitsSince: this.claims,
      conditions,
    });
  }

  #apply(event: FabricEvent, id: TakeId, conditions: Conditions): void {
    const take = this.takes.get(id);
    const law = LAWS[event.type];
    if (!take || !law?.in.includes(take.status))
      throw new Error(`${event.type} of take ${id}, which is ${take?.status ?? "not there"}`);
    const before = take.status;
    if (law.by) this.#move(take, law.by);
    switch (event.type) {
      case "take.started":
        if (event.data.resumed_from_step !== take.step && !this.damaged.has(id))
          throw new Error(
            `take ${id} resumed from ${event.data.resumed_from_step}, not ${take.step}`,
          );
        take.status = "running";
        take.step = event.data.resumed_from_step;
        break;
      case "step.completed":
        if (event.data.step !== take.step + 1)
          throw new Error(`step ${event.data.step} of take ${id} follows ${take.step}`);
        take.step += 1;
        take.conditions[take.step - 1] = conditions;
        this.newest.set(id, event.data.digest);
        take.completedSteps = [
          ...take.completedSteps.filter((step) => step < take.step),
          take.step,
        ];
        break;
      case "take.pause_requested":
        take.marked = true;
        break;
      case "take.resumed":
        if (before === "paused") this.#move(take, "resume");
        else if (!take.marked) throw new Error(`take ${id} resumed without having been paused`);
        take.marked = false;
        break;
      case "artifact.created":
        take.artifacts.add(event.data.artifact.kind);
        break;
      case "take.completed":
        if ([...take.artifacts].toSorted().join() !== "spritesheet,thumbnail,video")
          throw new Error(`take ${id} completed with ${[...take.artifacts].join()}`);
        break;
      case "take.deleted":
        this.takes.delete(id);
        break;
      default:
    }
  }

  #move(take: LedgerTake, transition: TakeTransition): void {
    // Queued here may be running there; the store's own table is the stricter one.
    const status =
      TAKE_LIFECYCLE[take.status][transition] ?? TAKE_LIFECYCLE.running[transition] ?? take.status;
    if (transition === "requeue" || transition === "resume") {
      take.atFront = true;
      take.waitsSince = this.claims;
    }
    take.marked = false;
    take.status = status;
  }
}
