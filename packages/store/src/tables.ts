import type {
  ArtifactId,
  ArtifactKind,
  EventType,
  LogLine,
  SessionId,
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
}

interface TakesTable {
  /** Rank of arrival; keeps its value when a take goes back to the queue. */
  queue_order: Generated<number>;
  id: TakeId;
  session_id: SessionId;
  status: TakeStatus;
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
  priority: number;
  /** 1 = was interrupted and goes before what has not started. */
  queue_front: number;
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
  seconds: number;
  model_seconds: number;
  created_at: number;
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
