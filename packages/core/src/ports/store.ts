import type {
  Artifact,
  ArtifactId,
  ErrorRecord,
  EventType,
  FabricEvent,
  LogLine,
  NewEvent,
  Plan,
  Session,
  SessionId,
  State,
  Take,
  TakeId,
  TakeParameters,
  TakeStatus,
} from "@arc-fabric/contract";

/** What the caller gives to make a take; the store adds queue order and events. */
export interface NewTake {
  readonly id: TakeId;
  readonly sessionId: SessionId;
  /** Made in the same transaction when the session does not exist yet. */
  readonly newSessionTitle: string | null;
  readonly parameters: TakeParameters;
  readonly plan: Plan;
  readonly nowMs: number;
  /** At most this many takes may be queued; one more is refused with `queue_full`. */
  readonly maxQueued: number;
}

/** A create answered once is answered the same way again for a day. */
export interface IdempotencyRecord {
  /** Client's key, scoped by endpoint. */
  readonly key: string;
  /** Digest of the request; another request under the same key is refused. */
  readonly fingerprint: string;
}

/** A running take and the right to write to it: writes with an older epoch change nothing. */
export interface Claim {
  readonly take: Take;
  readonly epoch: number;
}

export interface NewState extends Omit<State, "take_id" | "has_preview" | "created_at"> {
  /** Blob digest of the step's preview picture (JPEG). */
  readonly previewDigest: string | null;
}

export interface Page {
  readonly limit: number;
  /** The last id of the page before. */
  readonly after?: string | undefined;
  readonly order: "asc" | "desc";
}

export interface TakeFilter {
  readonly sessionId?: SessionId | undefined;
  readonly status?: readonly TakeStatus[] | undefined;
}

export interface Paged<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
}

/** What of a running take changes together with an event. */
export interface TakePatch {
  readonly phase?: Take["progress"]["phase"];
  readonly environment?: Take["environment"];
  readonly warnings?: Take["warnings"];
}

/**
 * Durable rows. Every method is one transaction: rows and the events that tell of them are written together or
 * not at all, and are on disk when the promise resolves. Implementations pass the conformance suite in packages/store.
 */
export interface Store {
  /** Events of finished transactions, in order; the callback must not throw. */
  subscribe(listener: (event: FabricEvent) => void): () => void;

  /**
   * @throws `idempotency_key_reused`
   * @returns the session of the first call when the idempotency record is known
   */
  createSession(
    session: { id: SessionId; title: string; nowMs: number },
    idempotency?: IdempotencyRecord | null,
  ): Promise<Session>;
  getSession(id: SessionId): Promise<Session | null>;
  listSessions(page: Page): Promise<Paged<Session>>;
  renameSession(id: SessionId, title: string, nowMs: number): Promise<Session | null>;
  /** @returns false when there is none. @throws `session_active` while a take is queued, running or paused */
  deleteSession(id: SessionId): Promise<boolean>;

  /**
   * @throws `session_not_found`, `queue_full` (details.retry_after_s), `idempotency_key_reused`
   * @returns the take; the one of the first call when the idempotency record is known (`replayed`)
   */
  createTake(
    take: NewTake,
    idempotency: IdempotencyRecord | null,
  ): Promise<{ take: Take; replayed: boolean }>;
  getTake(id: TakeId): Promise<Take | null>;
  listTakes(filter: TakeFilter, page: Page): Promise<Paged<Take>>;
  /** @throws `take_active` while it is queued, running or paused. @returns false when there is none */
  deleteTake(id: TakeId, nowMs: number): Promise<boolean>;

  /** Oldest queued take becomes running under a new epoch; null when none is queued. No event: `take.started` follows. */
  claimNext(nowMs: number): Promise<Claim | null>;
  /** Running takes of a server that is gone go back to the front of the queue, with `take.interrupted` each. */
  requeueRunning(reason: string, nowMs: number): Promise<TakeId[]>;
  /** @returns false when the claim is no longer valid (cancelled, claimed again): the caller stops working on it */
  record(claim: Claim, event: NewEvent, patch: TakePatch, nowMs: number): Promise<boolean>;
  /** The state's row and its `step.completed` event. @returns false when the claim is no longer valid */
  addState(claim: Claim, state: NewState, nowMs: number): Promise<boolean>;
  /** The artifact's row and its `artifact.created` event. @returns false when the claim is no longer valid */
  addArtifact(claim: Claim, artifact: Artifact, nowMs: number): Promise<boolean>;
  completeTake(claim: Claim, nowMs: number): Promise<boolean>;
  failTake(claim: Claim, error: ErrorRecord, nowMs: number): Promise<boolean>;
  /** Back to the front of the queue after a lost worker, with `take.interrupted`. */
  requeueTake(claim: Claim, reason: string, nowMs: number): Promise<boolean>;
  /** Queued or running becomes cancelled at once. @throws `take_not_found`, `take_not_active` */
  cancelTake(id: TakeId, nowMs: number): Promise<Take>;

  listStates(id: TakeId): Promise<readonly State[]>;
  getState(id: TakeId, step: number): Promise<(State & { previewDigest: string | null }) | null>;
  latestState(id: TakeId): Promise<(State & { previewDigest: string | null }) | null>;
  /** Removes a state that does not match its digest, so that the take falls back to the one before. */
  dropState(claim: Claim, step: number): Promise<void>;
  getArtifact(id: ArtifactId): Promise<Artifact | null>;

  /** Log lines of a take; kept apart from events, at most `limit` newest. */
  addLogLines(id: TakeId, lines: readonly LogLine[]): Promise<void>;
  listLogLines(id: TakeId, limit: number): Promise<readonly LogLine[]>;

  /** Events after `seq`, oldest first. @returns null when there is no such session */
  readSessionEvents(
    id: SessionId,
    afterSeq: number,
    limit: number,
  ): Promise<readonly FabricEvent[] | null>;
  /** Events of all sessions after `position`, oldest first. */
  readEvents(
    afterPosition: number,
    limit: number,
    types?: readonly EventType[],
  ): Promise<readonly FabricEvent[]>;
  lastPosition(): Promise<number>;

  /** Digests of every blob a row refers to: the roots of blob garbage collection. */
  referencedBlobs(): Promise<ReadonlySet<string>>;
  counts(): Promise<Record<TakeStatus, number>>;
  close(): Promise<void>;
}
