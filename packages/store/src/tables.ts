import type {
  ArtifactId,
  ArtifactKind,
  EventType,
  LogLine,
  SessionId,
  StreamId,
  StreamStatus,
  TakeId,
  TakePhase,
  TakeStatus,
} from "@arc-fabric/contract";
import type { Generated, Selectable } from "kysely";

/** Times are milliseconds since 1970 (`*_at`); values of a schema of the contract are JSON text (`*_json`). */
export interface Tables {
  schema_migrations: SchemaMigrationsTable;
  sessions: SessionsTable;
  takes: TakesTable;
  take_counts: TakeCountsTable;
  states: StatesTable;
  artifacts: ArtifactsTable;
  events: EventsTable;
  log_lines: LogLinesTable;
  idempotency_records: IdempotencyRecordsTable;
  take_inputs: TakeInputsTable;
  files: FilesTable;
  streams: StreamsTable;
}

interface SchemaMigrationsTable {
  version: number;
  name: string;
  applied_at: number;
}

interface SessionsTable {
  id: SessionId;
  title: string;
  created_at: number;
  updated_at: number;
  last_seq: number;
  /** Always a take of this session. */
  head_take_id: TakeId | null;
}

interface TakesTable {
  /** Rank of arrival; keeps its value when a take goes back to the queue. */
  queue_order: Generated<number>;
  id: TakeId;
  session_id: SessionId;
  /** Becomes null when the parent is deleted with its own session. */
  parent_id: TakeId | null;
  origin_json: string;
  title: string | null;
  tags_json: string;
  status: TakeStatus;
  /** 1 only while running: it is paused at the end of its present step. */
  pause_requested: number;
  model: string;
  parameters_json: string;
  plan_json: string;
  total_steps: number;
  phase: TakePhase;
  /** The highest stored step. */
  step: number;
  step_seconds: number | null;
  error_json: string | null;
  warnings_json: string;
  environment_json: string | null;
  resumes: number;
  /** Raised by every claim; a writer with an older one is fenced off. */
  epoch: number;
  /** 1 exactly while the status is queued: what the queue's indexes hold. */
  waiting: number;
  priority: number;
  /** 1 = was interrupted, preempted or paused, and goes before the others of its priority. */
  queue_front: number;
  /** Rank inside a priority by which sessions take turns; see `nextTurn`. */
  turn: number;
  /** The parent's state that this take begins with; null where it begins anew. */
  begins_at: number | null;
  steps_reused: number;
  /** `shapeKey` of the plan where all steps are by `model`; null where several models share them. */
  shape_key: string | null;
  /** Seconds from start to end less the steps; null unless it ran through without a stop on this machine. */
  rest_seconds: number | null;
  estimate_json: string | null;
  proof_json: string | null;
  environment_changes_json: string;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
}

interface TakeCountsTable {
  status: TakeStatus;
  count: number;
}

interface StatesTable {
  take_id: TakeId;
  step: number;
  sigma: number;
  bytes: number;
  digest: string;
  derivation: string;
  preview_digest: string | null;
  label: string | null;
  /** 1 = it was computed for another take. */
  reused: number;
  /** Digest of the environment it was computed in; "" for those of version 1, which did not record it. */
  environment: string;
  seconds: number;
  model_seconds: number;
  created_at: number;
}

/** Blobs that a take's plan reads. */
interface TakeInputsTable {
  take_id: TakeId;
  digest: string;
}

/** Uploaded pictures. */
interface FilesTable {
  digest: string;
  name: string;
  media_type: string;
  bytes: number;
  width: number;
  height: number;
  created_at: number;
}

interface StreamsTable {
  id: StreamId;
  session_id: SessionId;
  status: StreamStatus;
  /** The whole `StoredStream`. */
  stream_json: string;
}

interface ArtifactsTable {
  id: ArtifactId;
  take_id: TakeId;
  kind: ArtifactKind;
  media_type: string;
  bytes: number;
  digest: string;
  metadata_json: string;
  /** ISO 8601, as the caller gave it. */
  created: string;
}

interface EventsTable {
  position: Generated<number>;
  session_id: SessionId;
  seq: number;
  type: EventType;
  data_json: string;
  at: number;
}

interface LogLinesTable {
  id: Generated<number>;
  take_id: TakeId;
  /** ISO 8601, as the caller gave it. */
  at: string;
  level: LogLine["level"];
  source: LogLine["source"];
  message: string;
}

interface IdempotencyRecordsTable {
  key: string;
  fingerprint: string;
  /** The session or take that the first call made. */
  resource_id: string;
  created_at: number;
}

export type SessionRow = Selectable<SessionsTable>;
export type TakeRow = Selectable<TakesTable>;
export type StateRow = Selectable<StatesTable>;
export type ArtifactRow = Selectable<ArtifactsTable>;
export type EventRow = Selectable<EventsTable>;
export type FileRow = Selectable<FilesTable>;
export type StreamRow = Selectable<StreamsTable>;
