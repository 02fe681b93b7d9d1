import { z } from "zod";
import { workerIdSchema } from "./ids.ts";
import { manifestSchema } from "./manifest.ts";
import {
  decodePieceSchema,
  denoiseSegmentSchema,
  latentShapeSchema,
  scheduleSchema,
  startSchema,
} from "./plan.ts";
import { environmentSchema, takeWarningSchema } from "./take.ts";

/** Raised by one for every change that an older side would misread. */
export const PROTOCOL_VERSION = 2;

/**
 * Named byte ranges that follow the JSON header in the same frame, in this order, without gaps.
 * A message's schema says which names it carries.
 */
const parts = z
  .array(z.strictObject({ name: z.string(), bytes: z.int().nonnegative() }))
  .max(256)
  .default([]);
/** Chosen by the server; every answer to a request repeats it. */
const requestId = z.int().positive();

/** How much a failure breaks: only the request, the loaded model (load it again), or the whole worker (start a new one). */
export const failureSeveritySchema = z.enum(["request", "model", "worker"]);
export type FailureSeverity = z.infer<typeof failureSeveritySchema>;

/** Server → worker. */
export const SERVER_MESSAGES = {
  /** Answer to a handshake the server accepts. */
  "handshake.accepted": z.strictObject({
    protocol: z.literal(PROTOCOL_VERSION),
    heartbeat_interval_ms: z.int().positive(),
    parts,
  }),
  /** Answer to a handshake of another protocol version; the worker exits. */
  "handshake.refused": z.strictObject({ reason: z.string(), parts }),
  /** Load a model from `directory`; digests of the manifest's files are checked first. */
  load: z.strictObject({
    id: requestId,
    manifest: manifestSchema,
    directory: z.string(),
    threads: z.int().positive(),
    parts,
  }),
  /** Turn prompts into conditioning. */
  encode: z.strictObject({ id: requestId, prompt: z.string(), negative_prompt: z.string(), parts }),
  /**
   * Denoise the steps [from, segment.to) of `schedule`; from = segment.from, or more where an interrupted segment goes on.
   * Parts: `conditioning`; `state` unless from = 0; and, each named by its digest, the blobs that `start` (where from = 0)
   * and `segment.keep` name except its states: these follow in `kept` messages.
   */
  denoise: z.strictObject({
    id: requestId,
    shape: latentShapeSchema,
    start: startSchema,
    schedule: scheduleSchema,
    segment: denoiseSegmentSchema,
    from: z.int().nonnegative(),
    /** A preview goes with a step when this many milliseconds have passed since the last one; 0 = with every step. */
    preview_interval_ms: z.int().nonnegative(),
    parts,
  }),
  /**
   * The kept trajectory after step `step` of the denoise request `target`, sent ahead of its need. Part: `state`.
   * The worker waits for it where `segment.keep.states` names a digest for the step.
   */
  kept: z.strictObject({ target: requestId, step: z.int().positive(), parts }),
  /** Decode latent frames of a state to pixels. Part: `state`. */
  decode: z.strictObject({
    id: requestId,
    piece: decodePieceSchema,
    width: z.int().positive(),
    height: z.int().positive(),
    parts,
  }),
  /** Stop the request `target` within one step; it ends with `cancelled`. Unknown targets are ignored: they have just ended. */
  cancel: z.strictObject({ target: requestId, parts }),
  /** Free the model's memory. */
  unload: z.strictObject({ id: requestId, parts }),
  /** Ask for a health report. */
  health: z.strictObject({ id: requestId, parts }),
  /** Finish nothing more, release everything and exit with 0. */
  shutdown: z.strictObject({ parts }),
} as const;

/** Worker → server. */
export const WORKER_MESSAGES = {
  /** The first message after connecting. */
  handshake: z.strictObject({
    protocol: z.int().positive(),
    worker_id: workerIdSchema,
    runtime: z.string(),
    runtime_version: z.string(),
    pid: z.int().positive(),
    families: z.array(z.string()),
    solvers: z.array(z.string()),
    parts,
  }),
  /** Sent every heartbeat interval while the worker's loop is alive, also during a request between steps. */
  heartbeat: z.strictObject({ rss_bytes: z.int().nonnegative(), busy: z.boolean(), parts }),
  "load.progress": z.strictObject({
    id: requestId,
    fraction: z.number().min(0).max(1),
    stage: z.string(),
    parts,
  }),
  "load.completed": z.strictObject({
    id: requestId,
    weights_digest: z.string(),
    memory_bytes: z.int().nonnegative(),
    environment: environmentSchema,
    parts,
  }),
  /** Part: `conditioning` (safetensors), opaque to the server. */
  "encode.completed": z.strictObject({
    id: requestId,
    warnings: z.array(takeWarningSchema),
    parts,
  }),
  /**
   * One step is done. Parts: `state` (safetensors); `preview` when `preview` is not null: RGB24 frames
   * [count, height, width, 3] of the expected clean clip.
   */
  "denoise.step": z.strictObject({
    id: requestId,
    /** Steps done of the whole schedule: the first step of a take from scratch reports 1. */
    step: z.int().positive(),
    sigma: z.number(),
    seconds: z.number().nonnegative(),
    model_seconds: z.number().nonnegative(),
    /** The step used the last computed velocity again (step caching). */
    cached: z.boolean(),
    preview: z
      .strictObject({
        count: z.int().positive(),
        width: z.int().positive(),
        height: z.int().positive(),
      })
      .nullable(),
    parts,
  }),
  "denoise.completed": z.strictObject({ id: requestId, step: z.int().positive(), parts }),
  /** Decoded frames in order. Part: `frames`, RGB24 [count, height, width, 3]. */
  "decode.frames": z.strictObject({
    id: requestId,
    first_frame: z.int().nonnegative(),
    count: z.int().positive(),
    width: z.int().positive(),
    height: z.int().positive(),
    parts,
  }),
  "decode.completed": z.strictObject({ id: requestId, num_frames: z.int().positive(), parts }),
  cancelled: z.strictObject({ id: requestId, parts }),
  "unload.completed": z.strictObject({ id: requestId, parts }),
  "health.report": z.strictObject({
    id: requestId,
    rss_bytes: z.int().nonnegative(),
    uptime_s: z.number().nonnegative(),
    loaded_model: z.string().nullable(),
    parts,
  }),
  /** `id` is null when the failure belongs to no request. `code` is one of the error catalogue. */
  failed: z.strictObject({
    id: requestId.nullable(),
    severity: failureSeveritySchema,
    code: z.string(),
    message: z.string(),
    parts,
  }),
} as const;

type MessageUnion<Table extends Record<string, z.ZodType>> = {
  [Type in keyof Table]: { type: Type } & z.infer<Table[Type]>;
}[keyof Table];
export type ServerMessage = MessageUnion<typeof SERVER_MESSAGES>;
export type WorkerMessage = MessageUnion<typeof WORKER_MESSAGES>;
export type MessagePart = { name: string; bytes: number };

function messageSchema<Table extends Record<string, z.ZodObject>>(
  table: Table,
): z.ZodType<MessageUnion<Table>> {
  const options = Object.entries(table).map(([type, schema]) =>
    schema.extend({ type: z.literal(type) }),
  );
  return z.discriminatedUnion("type", options as never) as never;
}
export const serverMessageSchema = messageSchema(SERVER_MESSAGES);
export const workerMessageSchema = messageSchema(WORKER_MESSAGES);
