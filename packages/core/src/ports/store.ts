import type {
  Artifact,
  ArtifactId,
  EditProof,
  Environment,
  ErrorRecord,
  Estimate,
  EventType,
  FabricEvent,
  LogLine,
  NewEvent,
  Origin,
  Plan,
  Session,
  SessionId,
  State,
  Stream,
  StreamId,
  Take,
  TakeId,
  TakeParameters,
  TakeStatus,
  UploadedFile,
} from "@arc-fabric/contract";

/** What the caller gives to make a take; the store adds queue order and events. */
export interface NewTake {
  readonly id: TakeId;
  readonly sessionId: SessionId;
  /** Made in the same transaction when the session does not exist yet. */
  readonly newSessionTitle: string | null;
  readonly parentId: TakeId | null;
  readonly origin: Origin;
  readonly title: string | null;
  readonly priority: number;
  readonly estimate: Estimate | null;
  /** The new take begins with this take's states 1 … step, as far as they are stored; the last one must be. */
  readonly inherit: { readonly takeId: TakeId; readonly step: number } | null;
  /** Digests of other takes' states that the plan reads. They must be stored when the take is made, and stay while it is there. */
  readonly states: readonly string[];
  /** Digests of what else the plan reads, and of uploaded files that the request names; they stay while the take is there. */
  readonly inputs: readonly string[];
  readonly parameters: TakeParameters;
  readonly plan: Plan;
  readonly nowMs: number;
  /** At most this many takes may be queued; one more is refused with `queue_full`. */
  readonly maxQueued: number;
}

/** How a new take changes a stream: it begins one, becomes its next block, or ends it. The latter two need it to be as it was read. */
export type StreamLink =
  | { readonly kind: "begin"; readonly stream: Omit<StoredStream, "session_id" | "next_take_id"> }
  | { readonly kind: "next"; readonly before: StoredStream }
  | { readonly kind: "end"; readonly before: StoredStream; readonly key: IdempotencyRecord | null };

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

export interface NewState extends Omit<
  State,
  "take_id" | "has_preview" | "label" | "reused" | "created_at"
> {
  /** Blob digest of the step's preview picture (JPEG). */
  readonly previewDigest: string | null;
  /** Digest of the environment it was computed in. */
  readonly environment: string;
}

/** A state as the store keeps it. */
export type StoredState = State & {
  readonly previewDigest: string | null;
  readonly environment: string;
};

/** The longest stored beginning of a trajectory. */
export interface ReusablePrefix {
  readonly takeId: TakeId;
  readonly step: number;
}

export interface ThinPolicy {
  readonly sessionId: SessionId | null;
  /** Every n-th step stays. */
  readonly keepEvery: number;
  readonly dryRun: boolean;
  /** Stops when this many bytes are freed; the takes that ended first go first. null = all of them. */
  readonly untilBytes: number | null;
}

export interface StorageUsage {
  readonly states: number;
  readonly state_bytes: number;
  readonly artifact_bytes: number;
}

/** What steps of takes like this one took on this machine; medians of recent ones. */
export interface MeasuredSeconds {
  /** Latent frames of the takes that were measured. */
  readonly frames: number;
  /** Of one step in which the net sees all of them at once. */
  readonly step: number;
  /** From the start of a take to its end, less its steps. */
  readonly rest: number;
}

/** A stream as the store keeps it. */
export type StoredStream = Stream & {
  /** Raised by every rewind and where a block was cancelled: what is made then has other noise. */
  readonly revision: number;
  readonly seed: number;
  /** The clip that it ended as, and under which key that was asked for. */
  readonly final: { readonly take_id: TakeId; readonly key: IdempotencyRecord | null } | null;
};

export type StreamPatch = Partial<Omit<StoredStream, "id" | "session_id" | "created_at">>;

/** Makes ids for imported rows whose own are taken. */
export interface NewIds {
  session(): SessionId;
  take(): TakeId;
  artifact(): ArtifactId;
  stream(): StreamId;
}

/** A session as rows, for bundles: opaque to everyone but the store. */
export interface SessionRecords {
  readonly session: Record<string, unknown>;
  readonly takes: readonly Record<string, unknown>[];
  readonly states: readonly Record<string, unknown>[];
  readonly artifacts: readonly Record<string, unknown>[];
  readonly events: readonly Record<string, unknown>[];
  readonly log_lines: readonly Record<string, unknown>[];
  readonly streams: readonly Record<string, unknown>[];
  /** Digests of all blobs that the rows name. */
  readonly blobs: readonly string[];
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
  readonly parentId?: TakeId | undefined;
}

export interface Paged<Item> {
  readonly items: readonly Item[];
  readonly hasMore: boolean;
}

/** What of a running take changes together with an event. */
export interface TakePatch {
  readonly phase?: Take["progress"]["phase"];
  readonly environment?: Take["environment"];
  readonly environmentChange?: { readonly after_step: number; readonly environment: Environment };
  readonly warnings?: Take["warnings"];
  readonly proof?: EditProof;
}

/** What is undefined stays as it is. */
export interface TakeChanges {
  readonly title?: string | null | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly priority?: number | undefined;
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
  /** @throws `take_not_found` when the head is no take of this session */
  updateSession(
    id: SessionId,
    changes: { title?: string | undefined; headTakeId?: TakeId | null | undefined },
    nowMs: number,
  ): Promise<Session | null>;
  /** @returns false when there is none. @throws `session_active` while a take is queued, running or paused */
  deleteSession(id: SessionId): Promise<boolean>;

  /**
   * @throws `session_not_found`, `take_not_found` (parent, or whose states it begins with), `state_not_found` (one that it begins
   * with, details.stored_steps; one that its plan reads, details.digest),
   * `queue_full` (details.retry_after_s), `idempotency_key_reused`
   * @returns the take; the one of the first call when the idempotency record is known (`replayed`)
   */
  createTake(
    take: NewTake,
    idempotency: IdempotencyRecord | null,
  ): Promise<{ take: Take; replayed: boolean }>;
  /**
   * The same, and what becomes of a stream with it, in one transaction.
   * @throws what `createTake` throws @returns null when the stream is not any more what it was: nothing is made then
   */
  createStreamTake(
    take: NewTake,
    idempotency: IdempotencyRecord | null,
    link: StreamLink,
  ): Promise<{ take: Take; replayed: boolean } | null>;
  getTake(id: TakeId): Promise<Take | null>;
  listTakes(filter: TakeFilter, page: Page): Promise<Paged<Take>>;
  /** @returns null when there is none */
  updateTake(id: TakeId, changes: TakeChanges, nowMs: number): Promise<Take | null>;
  /**
   * @throws `take_in_use` (details.takes) when others were derived from it, `take_active` while it is queued, running or paused
   * @returns false when there is none
   */
  deleteTake(id: TakeId, nowMs: number): Promise<boolean>;

  /**
   * The next queued take becomes running under a new epoch; null when none is queued. No event: `take.started` follows.
   * Order: priority, then interrupted ones, then turn (sessions take turns), then arrival.
   */
  claimNext(nowMs: number): Promise<Claim | null>;
  /** Running takes of a server that is gone go back to the front of the queue, with `take.interrupted` each. */
  requeueRunning(reason: string, nowMs: number): Promise<TakeId[]>;
  /** @returns false when the claim is no longer valid (cancelled, claimed again): the caller stops working on it */
  record(claim: Claim, event: NewEvent, patch: TakePatch, nowMs: number): Promise<boolean>;
  /** The state's row and its `step.completed` event. @returns false when the claim is no longer valid */
  addState(claim: Claim, state: NewState, nowMs: number): Promise<boolean>;
  /** The artifact's row, in place of an older one of its kind, and its `artifact.created` event. @returns false when the claim is no longer valid */
  addArtifact(claim: Claim, artifact: Artifact, nowMs: number): Promise<boolean>;
  completeTake(claim: Claim, nowMs: number): Promise<boolean>;
  failTake(claim: Claim, error: ErrorRecord, nowMs: number): Promise<boolean>;
  /** Back to the front of the queue after a lost worker, with `take.interrupted`; paused instead where that was asked for. */
  requeueTake(claim: Claim, reason: string, nowMs: number): Promise<boolean>;
  /** Back to the front of the queue because `byTakeId` has a higher priority, with `take.preempted`. */
  preemptTake(claim: Claim, byTakeId: TakeId | null, nowMs: number): Promise<boolean>;
  /**
   * The running take becomes paused, with `take.paused`. Where `resumeTake` took the mark back meanwhile, it goes on to the
   * front of the queue, with `take.resumed`.
   */
  pauseClaimed(claim: Claim, nowMs: number): Promise<boolean>;
  /**
   * A queued take becomes paused at once; a running one is marked (`pause_requested`) and whoever runs it pauses it.
   * A paused one stays so. @throws `take_not_found`, `take_not_active`
   */
  pauseTake(id: TakeId, nowMs: number): Promise<Take>;
  /** Paused becomes queued at the front; a mark of a running one is taken back. @throws `take_not_found`, `take_not_paused` */
  resumeTake(id: TakeId, nowMs: number): Promise<Take>;
  /** The queued take that would be claimed next; null when none is queued. */
  peekNext(): Promise<{ id: TakeId; priority: number } | null>;
  /** Queued or running becomes cancelled at once. @throws `take_not_found`, `take_not_active` */
  cancelTake(id: TakeId, nowMs: number): Promise<Take>;

  listStates(id: TakeId): Promise<readonly State[]>;
  getState(id: TakeId, step: number): Promise<StoredState | null>;
  latestState(id: TakeId): Promise<StoredState | null>;
  /** @returns null when there is no such state */
  labelState(id: TakeId, step: number, label: string | null, nowMs: number): Promise<State | null>;
  /**
   * The take with the longest stored prefix: `derivations[k]` is that of the state after k + 1 steps. Only states computed in
   * this environment count, and not those of `except`.
   */
  findPrefix(
    derivations: readonly string[],
    environment: string,
    except: TakeId,
  ): Promise<ReusablePrefix | null>;
  /**
   * The claimed take gets the prefix's states as its own, with `take.reused`. What was removed since it was found is left out:
   * `latestState` tells where the take stands. @returns false when the claim is no longer valid
   */
  adoptPrefix(claim: Claim, prefix: ReusablePrefix, nowMs: number): Promise<boolean>;
  /**
   * Removes states of finished takes except: the last one, every n-th, labelled ones, those that a child begins with or reads.
   * Each take's removal is a `states.thinned` event in the same transaction; of several takes some may be thinned out before
   * others. `bytes` counts a blob that several rows name only when its last row goes.
   */
  thinStates(policy: ThinPolicy, nowMs: number): Promise<{ states: number; bytes: number }>;
  storageUsage(): Promise<
    StorageUsage & {
      readonly sessions: readonly (StorageUsage & { session_id: SessionId; title: string })[];
    }
  >;
  /**
   * Medians over the newest completed takes of this model and latent shape, or of the newest one's shape where none is given, that
   * ran through on this machine without a stop and saw the whole clip in every step; null when there is none.
   */
  measuredSeconds(model: string, shape: readonly number[] | null): Promise<MeasuredSeconds | null>;

  /** Streams are created with their first take, by `createStreamTake`. */
  getStream(id: StreamId): Promise<StoredStream | null>;
  /** Newest first. */
  listStreams(filter: {
    sessionId?: SessionId | undefined;
    status?: Stream["status"] | undefined;
  }): Promise<readonly StoredStream[]>;
  /**
   * With `stream.changed` where something a viewer sees changes. A next block that is given up before it is finished is cancelled
   * in the same transaction. @returns null when the stream is not any more what it was: nothing is changed then
   */
  updateStream(
    before: StoredStream,
    changes: StreamPatch,
    nowMs: number,
  ): Promise<StoredStream | null>;

  addFile(file: UploadedFile, nowMs: number): Promise<UploadedFile>;
  getFile(digest: string): Promise<UploadedFile | null>;
  /** Forgets files uploaded before this time (milliseconds since 1970) that no take names among its inputs. */
  forgetFiles(olderThanMs: number): Promise<number>;

  /** @returns null when there is none. @throws `session_active` */
  exportSession(id: SessionId): Promise<SessionRecords | null>;
  /**
   * Under new ids where the old ones are taken; everything that names them is changed with them. Streams that were running arrive
   * paused. Its events are announced.
   * The blobs must be stored already. @throws `bundle_invalid` (details.path), `bundle_newer`
   */
  importSession(records: SessionRecords, nowMs: number, newIds: NewIds): Promise<Session>;
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
