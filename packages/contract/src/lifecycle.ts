import { z } from "zod";

export const TAKE_STATUSES = [
  "queued",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
] as const;
export const takeStatusSchema = z.enum(TAKE_STATUSES);
export type TakeStatus = z.infer<typeof takeStatusSchema>;

export const TAKE_TRANSITIONS = [
  "claim",
  "requeue",
  "pause",
  "resume",
  "complete",
  "fail",
  "cancel",
] as const;
export type TakeTransition = (typeof TAKE_TRANSITIONS)[number];

/** The complete table of a take's life: null means the transition is refused in that status. */
export const TAKE_LIFECYCLE: Record<TakeStatus, Record<TakeTransition, TakeStatus | null>> = {
  queued: {
    claim: "running",
    requeue: null,
    pause: "paused",
    resume: null,
    complete: null,
    fail: "failed",
    cancel: "cancelled",
  },
  running: {
    claim: null,
    requeue: "queued",
    pause: "paused",
    resume: null,
    complete: "completed",
    fail: "failed",
    cancel: "cancelled",
  },
  paused: {
    claim: null,
    requeue: null,
    pause: null,
    resume: "queued",
    complete: null,
    fail: null,
    cancel: "cancelled",
  },
  completed: {
    claim: null,
    requeue: null,
    pause: null,
    resume: null,
    complete: null,
    fail: null,
    cancel: null,
  },
  failed: {
    claim: null,
    requeue: null,
    pause: null,
    resume: null,
    complete: null,
    fail: null,
    cancel: null,
  },
  cancelled: {
    claim: null,
    requeue: null,
    pause: null,
    resume: null,
    complete: null,
    fail: null,
    cancel: null,
  },
};

export const TAKE_ACTIONS = [
  "pause",
  "resume",
  "cancel",
  "fork",
  "edit",
  "extend",
  "play",
  "download",
  "delete",
] as const;
export type TakeAction = (typeof TAKE_ACTIONS)[number];

/** What a person may do with a take in each status; API and studio read the same table. */
export const ALLOWED_TAKE_ACTIONS: Record<TakeStatus, readonly TakeAction[]> = {
  queued: ["pause", "cancel", "fork"],
  running: ["pause", "cancel", "fork"],
  paused: ["resume", "cancel", "fork"],
  completed: ["fork", "edit", "extend", "play", "download", "delete"],
  failed: ["fork", "delete"],
  cancelled: ["fork", "delete"],
};

export function isFinished(status: TakeStatus): boolean {
  return TAKE_TRANSITIONS.every((transition) => TAKE_LIFECYCLE[status][transition] === null);
}
