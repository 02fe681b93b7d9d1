import {
  artifactSchema,
  digestSchema,
  eventSchema,
  FabricError,
  fileSchema,
  isFinished,
  logLineSchema,
  sessionSchema,
  stateSchema,
  streamSchema,
  takeIdSchema,
  takeSchema,
} from "@arc-fabric/contract";
import type { SessionRecords } from "@arc-fabric/core";
import { z } from "zod";

/** Raised when the meaning of the records changes. */
export const RECORDS_VERSION = 1;

const sessionRecord = z.strictObject({
  version: z.literal(RECORDS_VERSION),
  ...sessionSchema.omit({ take_count: true, last_seq: true }).shape,
  /** Uploaded pictures that its takes read. */
  files: z.array(fileSchema.strict()),
});

const takeRecord = z
  .strictObject({
    ...takeSchema.omit({ artifacts: true, queue_position: true, pause_requested: true }).shape,
    status: takeSchema.shape.status.refine(isFinished, "must be that of a finished take"),
    begins_at: z.int().positive().nullable(),
    inputs: z.array(digestSchema),
  })
  .refine(({ finished_at }) => finished_at !== null, "a finished take has a time when it ended");

const stateRecord = z.strictObject({
  ...stateSchema.omit({ has_preview: true }).shape,
  digest: digestSchema,
  preview_digest: digestSchema.nullable(),
  environment: z.string(),
});

const artifactRecord = z.strictObject({ ...artifactSchema.shape, digest: digestSchema });
/** The key that a stream was ended under stays on its server. */
const streamRecord = z.strictObject({
  ...streamSchema.shape,
  revision: z.int().nonnegative(),
  seed: z.int().nonnegative(),
  final: z.strictObject({ take_id: takeIdSchema, key: z.null() }).nullable(),
});
const logLineRecord = z.strictObject({ take_id: takeIdSchema, ...logLineSchema.shape });

/** Positions count over all sessions of a server, so they stay there. */
const eventRecord = z.preprocess(
  (event) => (typeof event === "object" ? { ...event, position: 1 } : event),
  eventSchema,
);

/** A session's rows in the words of the contract; what only this server can know (queue, claims, measurements) is left out. */
const recordsSchema = z.strictObject({
  session: sessionRecord,
  takes: z.array(takeRecord),
  states: z.array(stateRecord),
  artifacts: z.array(artifactRecord),
  events: z.array(eventRecord),
  log_lines: z.array(logLineRecord),
  streams: z.array(streamRecord),
  blobs: z.array(digestSchema),
});

export type Records = z.infer<typeof recordsSchema>;
export type TakeRecord = z.infer<typeof takeRecord>;
export type StateRecord = z.infer<typeof stateRecord>;
export type StreamRecord = z.infer<typeof streamRecord>;

/**
 * Records that can be written as they are: of the right shape, and all that they name is among them.
 * @throws FabricError `bundle_invalid` (details.path), `bundle_newer`
 */
export function parseRecords(records: SessionRecords): Records {
  const { version } = records.session ?? {};
  if (typeof version === "number" && version > RECORDS_VERSION)
    throw new FabricError(
      "bundle_newer",
      `The bundle's records have version ${version}; this version of Arc Fabric knows up to ${RECORDS_VERSION}.`,
      { details: { present: version, newest: RECORDS_VERSION } },
    );
  const { data, error } = recordsSchema.safeParse(records);
  if (error) {
    const [issue] = error.issues;
    throw invalid(issue?.path.join(".") ?? "", issue?.message ?? "is not as it should be");
  }
  checkTakes(data);
  checkOfTakes(data);
  checkEvents(data);
  checkStreams(data);
  checkBlobs(data);
  return data;
}

function checkTakes({ session, takes }: Records): void {
  const ids = unique(
    takes.map((take) => take.id),
    "takes",
  );
  for (const [index, take] of takes.entries()) {
    if (take.session_id !== session.id)
      throw invalid(`takes.${index}.session_id`, `is ${take.session_id}, not ${session.id}`);
    if (take.parent_id !== null && (take.parent_id === take.id || !ids.has(take.parent_id)))
      throw invalid(`takes.${index}.parent_id`, `names ${take.parent_id}, which is not there`);
  }
  if (session.head_take_id !== null && !ids.has(session.head_take_id))
    throw invalid("session.head_take_id", `names ${session.head_take_id}, which is not there`);
}

function checkOfTakes({ takes, states, artifacts, log_lines }: Records): void {
  const steps = new Map<string, number>(takes.map((take) => [take.id, take.plan.total_steps]));
  for (const [name, rows] of Object.entries({ states, artifacts, log_lines }))
    for (const [index, row] of rows.entries())
      if (!steps.has(row.take_id))
        throw invalid(`${name}.${index}.take_id`, `names ${row.take_id}, which is not there`);
  for (const [index, state] of states.entries())
    if (state.step > steps.get(state.take_id)!)
      throw invalid(`states.${index}.step`, `is ${state.step}, more than its take has`);
  unique(
    states.map((state) => `${state.take_id} ${state.step}`),
    "states",
  );
  unique(
    artifacts.map((artifact) => artifact.id),
    "artifacts",
  );
}

function checkEvents({ session, events }: Records): void {
  for (const [index, event] of events.entries()) {
    if (event.session_id !== session.id)
      throw invalid(`events.${index}.session_id`, `is ${event.session_id}, not ${session.id}`);
    if (event.seq !== index + 1)
      throw invalid(`events.${index}.seq`, `is ${event.seq}, not ${index + 1}`);
  }
}

function checkStreams({ session, takes, streams }: Records): void {
  const ids = new Set(takes.map((take) => take.id));
  unique(
    streams.map((stream) => stream.id),
    "streams",
  );
  for (const [index, stream] of streams.entries()) {
    if (stream.session_id !== session.id)
      throw invalid(`streams.${index}.session_id`, `is ${stream.session_id}, not ${session.id}`);
    const { head_take_id: head, next_take_id: next, final } = stream;
    for (const [name, id] of Object.entries({ head, next, final: final?.take_id ?? null }))
      if (id !== null && !ids.has(id))
        throw invalid(`streams.${index}.${name}`, `names ${id}, which is not there`);
  }
}

function checkBlobs(records: Records): void {
  const blobs = new Set(records.blobs);
  for (const digest of namedBlobs(records))
    if (!blobs.has(digest)) throw invalid("blobs", `lacks ${digest}, which a row names`);
}

/** Digests of all blobs that the rows name. */
export function namedBlobs({
  session,
  takes,
  states,
  artifacts,
}: Pick<Records, "session" | "takes" | "states" | "artifacts">): string[] {
  const named = [
    ...session.files.map((file) => file.digest),
    ...takes.flatMap((take) => take.inputs),
    ...states.flatMap((state) => [state.digest, state.preview_digest]),
    ...artifacts.map((artifact) => artifact.digest),
  ];
  return [...new Set(named)].filter((digest) => digest !== null);
}

function unique(values: readonly string[], path: string): Set<string> {
  const seen = new Set(values);
  if (seen.size < values.length) {
    const twice = values.find((value, index) => values.indexOf(value) < index);
    throw invalid(path, `names ${twice} twice`);
  }
  return seen;
}

function invalid(path: string, message: string): FabricError {
  return new FabricError("bundle_invalid", `The bundle is damaged: ${path} ${message}.`, {
    details: { path },
  });
}
