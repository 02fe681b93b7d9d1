import type {
  Artifact,
  BodyInputOf,
  Comparison,
  DeriveRequestInput,
  Endpoint,
  ENDPOINTS,
  FabricEvent,
  LiveFrame,
  LogLine,
  Model,
  Operation,
  ParamsInputOf,
  Planned,
  QueryInputOf,
  ResponseOf,
  Session,
  State,
  Storage,
  Stream,
  StreamChanges,
  StreamRequest,
  SystemReport,
  Take,
  TakeRequest,
  TakeStatus,
  UploadedFile,
} from "@arc-fabric/contract";
import type { Platform } from "./platform.ts";

type EndpointOf<Op extends Operation> = (typeof ENDPOINTS)[Op];
/** Operations of the endpoint table that answer with JSON. */
export type JsonOperation = {
  [Op in Operation]: EndpointOf<Op> extends { response: { kind: "json" } } ? Op : never;
}[Operation];
/** Operations that answer with bytes. */
export type FileOperation = {
  [Op in Operation]: EndpointOf<Op> extends { response: { kind: "file" } } ? Op : never;
}[Operation];
export type AnswerOf<Op extends Operation> =
  EndpointOf<Op> extends Endpoint ? ResponseOf<EndpointOf<Op>> : never;

type Field<Name extends string, Value> = [Value] extends [undefined]
  ? { readonly [Key in Name]?: undefined }
  : Record<never, never> extends Value
    ? { readonly [Key in Name]?: Value }
    : { readonly [Key in Name]: Value };

/** What one operation takes, by the endpoint table. */
export type CallInput<Op extends Operation> = Field<"params", ParamsInputOf<EndpointOf<Op>>> &
  Field<"query", QueryInputOf<EndpointOf<Op>>> &
  Field<"body", BodyInputOf<EndpointOf<Op>>>;

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds for one attempt until the answer's head is there. */
  readonly timeoutMs?: number;
  /** How often a call that is safe to send again is sent again after a network failure or a 502, 503 or 504. */
  readonly retries?: number;
}

export interface CreateOptions extends CallOptions {
  /** Sent as Idempotency-Key; generated when left out, and the same for every retry of this call. */
  readonly idempotencyKey?: string;
}

export interface PageOptions extends CallOptions {
  /** 1 to 100; 20 when left out. */
  readonly limit?: number;
  /** The last id of the page before. */
  readonly after?: string;
  readonly order?: "asc" | "desc";
}

export interface Page<Item> {
  readonly items: Item[];
  readonly has_more: boolean;
}

export type Connection =
  | { readonly status: "connecting"; readonly attempt: number }
  | { readonly status: "open" }
  /** Tries again after `delayMs`. */
  | {
      readonly status: "lost";
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: Error;
    };

export interface StreamOptions {
  readonly signal?: AbortSignal;
  /** Told about every change of the connection, for a "server is gone" banner. */
  readonly onConnection?: (connection: Connection) => void;
  /** Gives up with the last error after this long without a connection; never when left out. */
  readonly giveUpAfterMs?: number;
}

export interface EventsOptions extends StreamOptions {
  /** One session's events (ids are `seq`); all sessions' when left out (ids are `position`). */
  readonly sessionId?: string;
  /** Events after this id. Left out: a session's from its beginning, all sessions' from now on. */
  readonly after?: number;
}

export interface WaitOptions extends StreamOptions {
  /** Every durable event of the take from now on, in order, each once. */
  readonly onEvent?: (event: FabricEvent) => void;
  /** The take as it stands, at the beginning and after every event. */
  readonly onTake?: (take: Take) => void;
}

export interface DownloadOptions extends CallOptions {
  readonly onProgress?: (bytesDone: number, bytesTotal: number | null) => void;
}

/** A file on its way. The stream goes on where it broke off when the connection is lost. */
export interface Download {
  readonly mediaType: string;
  /** null when the server does not say. */
  readonly bytes: number | null;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** The whole content; to be used instead of `chunks`. */
  toBytes(): Promise<Uint8Array<ArrayBuffer>>;
}

/** A bundle's bytes: a browser's File, or pieces as they are read from a disk. */
export type BundleSource = Blob | AsyncIterable<Uint8Array>;

export interface ImportOptions extends CallOptions {
  /** Told about pieces on their way; a Blob is sent by the platform, which does not tell. */
  readonly onProgress?: (bytesDone: number) => void;
}

export interface ClientOptions {
  /** For example http://127.0.0.1:8000; in a browser "" means the page's own origin. */
  readonly baseUrl: string;
  /** Sent as a bearer token; browsers use the login cookie and leave it out. */
  readonly token?: string;
  readonly timeoutMs?: number;
  readonly retries?: number;
  /** A silent event stream is taken for dead after this; the server sends a heartbeat every 15 s. */
  readonly silenceMs?: number;
  readonly platform?: Platform;
}

/**
 * The typed SDK. Every method throws FabricError: the server's own code with `details.request_id`,
 * or `server_unreachable` when no answer came. An aborted call throws the signal's reason.
 */
export interface FabricClient {
  readonly baseUrl: string;
  /** Any JSON operation of the endpoint table. */
  call<Op extends JsonOperation>(
    operation: Op,
    input: CallInput<Op>,
    options?: CreateOptions,
  ): Promise<AnswerOf<Op>>;
  /** Any operation that answers with a file. */
  download<Op extends FileOperation>(
    operation: Op,
    input: Pick<CallInput<Op>, "params" | "query">,
    options?: DownloadOptions,
  ): Promise<Download>;
  /** The address of an operation, for an <img>, a <video> or a download link. */
  url<Op extends Operation>(operation: Op, input: Pick<CallInput<Op>, "params" | "query">): string;

  health(options?: CallOptions): Promise<{ status: "ok"; version: string }>;
  system(options?: CallOptions): Promise<SystemReport>;
  /** Durable events; reconnects by itself, none missed and none twice. Ends when `signal` is aborted. */
  events(options?: EventsOptions): AsyncIterableIterator<FabricEvent>;

  readonly models: {
    list(options?: CallOptions): Promise<Model[]>;
    get(modelId: string, options?: CallOptions): Promise<Model>;
  };
  readonly sessions: {
    create(request: { title: string }, options?: CreateOptions): Promise<Session>;
    list(options?: PageOptions): Promise<Page<Session>>;
    get(sessionId: string, options?: CallOptions): Promise<Session>;
    update(
      sessionId: string,
      changes: BodyInputOf<EndpointOf<"updateSession">>,
      options?: CallOptions,
    ): Promise<Session>;
    rename(sessionId: string, title: string, options?: CallOptions): Promise<Session>;
    delete(sessionId: string, options?: CallOptions): Promise<void>;
    /** The session with all its takes, states and artifacts as one tar file. */
    export(sessionId: string, options?: DownloadOptions): Promise<Download>;
    /** Brings in a bundle. Sent once: an import that may have happened is not sent again. */
    import(bundle: BundleSource, options?: ImportOptions): Promise<Session>;
  };
  readonly takes: {
    /** In a new session unless `sessionId` is given. */
    create(request: TakeRequest, options?: CreateOptions & { sessionId?: string }): Promise<Take>;
    /** What a request would run and take, without running it. */
    plan(request: TakeRequest, options?: CallOptions): Promise<Planned>;
    /** A new take made from this one; `kind` says how: fork, edit, extend, insert, loop, continue, finalize or concatenate. */
    derive(takeId: string, request: DeriveRequestInput, options?: CreateOptions): Promise<Take>;
    /** What a derived take would run and take, without running it. */
    planDerived(
      takeId: string,
      request: DeriveRequestInput,
      options?: CallOptions,
    ): Promise<Planned>;
    list(
      options?: PageOptions & { sessionId?: string; parentId?: string; status?: TakeStatus },
    ): Promise<Page<Take>>;
    get(takeId: string, options?: CallOptions): Promise<Take>;
    /** @returns the take; one that runs is paused at the end of its present step (`pause_requested`) */
    pause(takeId: string, options?: CallOptions): Promise<Take>;
    resume(takeId: string, options?: CallOptions): Promise<Take>;
    update(
      takeId: string,
      changes: BodyInputOf<EndpointOf<"updateTake">>,
      options?: CallOptions,
    ): Promise<Take>;
    /** How two takes differ: parameters, shared steps, frames. */
    compare(takeId: string, otherId: string, options?: CallOptions): Promise<Comparison>;
    /** A JPEG: where the frames of two takes differ, brighter where more. */
    differencePictureUrl(takeId: string, otherId: string): string;
    differencePicture(
      takeId: string,
      otherId: string,
      options?: DownloadOptions,
    ): Promise<Download>;
    cancel(takeId: string, options?: CallOptions): Promise<Take>;
    delete(takeId: string, options?: CallOptions): Promise<void>;
    states(takeId: string, options?: CallOptions): Promise<State[]>;
    /** Names a step, which also keeps its state; null takes the name away. */
    label(
      takeId: string,
      step: number,
      label: string | null,
      options?: CallOptions,
    ): Promise<State>;
    /** The newest lines, oldest of them first. */
    logs(takeId: string, options?: CallOptions & { limit?: number }): Promise<LogLine[]>;
    /** @returns the take once it is completed, failed or cancelled (it does not throw for the last two; see `takeError`) */
    wait(takeId: string, options?: WaitOptions): Promise<Take>;
    /** Live frames; reconnects by itself; ends when the take is finished. A slow reader skips previews, never finished frames. */
    watch(takeId: string, options?: StreamOptions): AsyncIterableIterator<LiveFrame>;
    /** The picture at a step: a JPEG of its frames side by side. */
    statePreviewUrl(takeId: string, step: number): string;
    /** A JPEG of the clean frames that the model expects at a step, computed when it is asked for. */
    draftUrl(takeId: string, step: number): string;
    draft(takeId: string, step: number, options?: DownloadOptions): Promise<Download>;
  };
  /** Clips that grow block by block; each block is a take, to be waited for and watched like any other. */
  readonly streams: {
    /** In a session of its own. */
    create(request: StreamRequest, options?: CreateOptions): Promise<Stream>;
    /** Newest first. */
    list(options?: CallOptions & { sessionId?: string }): Promise<Stream[]>;
    get(streamId: string, options?: CallOptions): Promise<Stream>;
    /** From the next block on. */
    update(streamId: string, changes: StreamChanges, options?: CallOptions): Promise<Stream>;
    /** Makes no further blocks; the present one is finished. */
    pause(streamId: string, options?: CallOptions): Promise<Stream>;
    resume(streamId: string, options?: CallOptions): Promise<Stream>;
    /** Goes on from an earlier block, however far back. */
    rewind(streamId: string, takeId: string, options?: CallOptions): Promise<Stream>;
    /** Ends the stream. @returns the take that puts its blocks up to the head together as one clip */
    finalize(streamId: string, options?: CreateOptions): Promise<Take>;
  };
  readonly artifacts: {
    get(artifactId: string, options?: CallOptions): Promise<Artifact>;
    contentUrl(artifactId: string): string;
    download(artifactId: string, options?: DownloadOptions): Promise<Download>;
  };
  readonly files: {
    /** A picture for a first or last frame, or a mask; the answer's digest is what requests name it by. */
    upload(
      picture: Blob | Uint8Array<ArrayBuffer>,
      options?: CallOptions & { name?: string },
    ): Promise<UploadedFile>;
  };
  readonly storage: {
    get(options?: CallOptions): Promise<Storage>;
    /** Removes states of finished takes that nothing needs. @returns what was removed, or would be */
    thin(
      request: BodyInputOf<EndpointOf<"thinStates">>,
      options?: CallOptions,
    ): Promise<AnswerOf<"thinStates">>;
  };
}
