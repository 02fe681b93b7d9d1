import { z } from "zod";
import { editProofSchema } from "./derive.ts";
import { errorRecordSchema } from "./fabric-error.ts";
import { sessionIdSchema, streamIdSchema, takeIdSchema } from "./ids.ts";
import { streamStatusSchema } from "./stream.ts";
import { artifactSchema, environmentSchema, takePhaseSchema, takeWarningSchema } from "./take.ts";

const ofTake = { take_id: takeIdSchema };

/** Every durable event: its type and what it carries. */
export const EVENT_DATA = {
  "session.created": z.object({ title: z.string() }),
  "session.renamed": z.object({ title: z.string() }),
  "session.head_changed": z.object({ head_take_id: takeIdSchema.nullable() }),
  "take.queued": z.object({ ...ofTake }),
  "take.started": z.object({
    ...ofTake,
    resumed_from_step: z.int().nonnegative(),
    environment: environmentSchema,
  }),
  "take.warned": z.object({ ...ofTake, warnings: z.array(takeWarningSchema) }),
  "phase.changed": z.object({ ...ofTake, phase: takePhaseSchema }),
  "step.completed": z.object({
    ...ofTake,
    step: z.int().positive(),
    total_steps: z.int().nonnegative(),
    sigma: z.number(),
    digest: z.string(),
    seconds: z.number(),
    has_preview: z.boolean(),
  }),
  /** Its leading steps are those of another take. */
  "take.reused": z.object({
    ...ofTake,
    from_take_id: takeIdSchema,
    steps: z.int().positive(),
  }),
  "take.pause_requested": z.object({ ...ofTake }),
  "take.paused": z.object({ ...ofTake, last_step: z.int().nonnegative() }),
  "take.resumed": z.object({ ...ofTake, last_step: z.int().nonnegative() }),
  /** A take of higher priority goes first; this one goes on after it. */
  "take.preempted": z.object({
    ...ofTake,
    last_step: z.int().nonnegative(),
    by_take_id: takeIdSchema.nullable(),
  }),
  "take.environment_changed": z.object({
    ...ofTake,
    after_step: z.int().nonnegative(),
    environment: environmentSchema,
  }),
  "take.proved": z.object({ ...ofTake, proof: editProofSchema }),
  "take.changed": z.object({
    ...ofTake,
    title: z.string().nullable(),
    tags: z.array(z.string()),
    priority: z.int(),
  }),
  "state.labelled": z.object({
    ...ofTake,
    step: z.int().positive(),
    label: z.string().nullable(),
  }),
  "states.thinned": z.object({ ...ofTake, steps: z.array(z.int().positive()) }),
  /** Whatever of a stream changed: this is what it is now. */
  "stream.changed": z.object({
    stream_id: streamIdSchema,
    status: streamStatusSchema,
    prompt: z.string(),
    head_take_id: takeIdSchema.nullable(),
    next_take_id: takeIdSchema.nullable(),
    blocks: z.int().nonnegative(),
    error: errorRecordSchema.nullable(),
  }),
  "take.interrupted": z.object({ ...ofTake, last_step: z.int().nonnegative(), reason: z.string() }),
  "artifact.created": z.object({ ...ofTake, artifact: artifactSchema }),
  "take.completed": z.object({ ...ofTake }),
  "take.failed": z.object({ ...ofTake, error: errorRecordSchema }),
  "take.cancelled": z.object({ ...ofTake, last_step: z.int().nonnegative() }),
  "take.deleted": z.object({ ...ofTake }),
} as const;

export type EventType = keyof typeof EVENT_DATA;
export const EVENT_TYPES = Object.keys(EVENT_DATA) as [EventType, ...EventType[]];

export type EventData<Type extends EventType> = z.infer<(typeof EVENT_DATA)[Type]>;

/** An event before the store gives it its numbers. */
export type NewEvent = { [Type in EventType]: { type: Type; data: EventData<Type> } }[EventType];

/**
 * `seq` is gapless per session and is the id of the session's event stream; `position` counts over all sessions,
 * may have gaps, and is the id of the stream of everything.
 */
export type FabricEvent = NewEvent & {
  session_id: z.infer<typeof sessionIdSchema>;
  seq: number;
  position: number;
  at: string;
};

const envelope = {
  session_id: sessionIdSchema,
  seq: z.int().positive(),
  position: z.int().positive(),
  at: z.iso.datetime(),
};

export const eventSchema = z.discriminatedUnion(
  "type",
  EVENT_TYPES.map((type) =>
    z.object({ ...envelope, type: z.literal(type), data: EVENT_DATA[type] }),
  ) as never,
) as unknown as z.ZodType<FabricEvent>;
