import type {
  Artifact,
  BodyInputOf,
  Endpoint,
  ENDPOINTS,
  FabricEvent,
  LiveFrame,
  LogLine,
  Model,
  Operation,
  ParamsInputOf,
  Plan,
  QueryInputOf,
  ResponseOf,
  Session,
  State,
  SystemReport,
  Take,
  TakeParameters,
  TakeRequest,
  TakeStatus,
} from "@arc-fabric/contract";
import type { Platform } from "./platform.ts";

type EndpointOf<Op extends Operation> = (typeof ENDPOINTS)[Op];
/** Operations of the endpoint table that answer with JSON. */
export type JsonOperation = {
  [Op in Operation]: EndpointOf<Op> extends { response: { kind: "json" } } ? Op : never;
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
    rename(sessionId: string, title: string, options?: CallOptions): Promise<Session>;
    delete(sessionId: string, options?: CallOptions): Promise<void>;
  };
  readonly takes: {
    /** In a new session unless `sessionId` is given. */
    create(request: TakeRequest, options?: CreateOptions & { sessionId?: string }): Promise<Take>;
    /** What a request would run, without running it. */
    plan(
      request: TakeRequest,
      options?: CallOptions,
    ): Promise<{ parameters: TakeParameters; plan: Plan }>;
    list(options?: PageOptions & { sessionId?: string; status?: TakeStatus }): Promise<Page<Take>>;
    get(takeId: string, options?: CallOptions): Promise<Take>;
    cancel(takeId: string, options?: CallOptions): Promise<Take>;
    delete(takeId: string, options?: CallOptions): Promise<void>;
    states(takeId: string, options?: CallOptions): Promise<State[]>;
    /** The newest lines, oldest of them first. */
    logs(takeId: string, options?: CallOptions & { limit?: number }): Promise<LogLine[]>;
    /** @returns the take once it is completed, failed or cancelled (it does not throw for the last two; see `takeError`) */
    wait(takeId: string, options?: WaitOptions): Promise<Take>;
    /** Live frames; reconnects by itself; ends when the take is finished. A slow reader skips previews, never finished frames. */
    watch(takeId: string, options?: StreamOptions): AsyncIterableIterator<LiveFrame>;
    /** The picture at a step: a JPEG of its frames side by side. */
    statePreviewUrl(takeId: string, step: number): string;
  };
  readonly artifacts: {
    get(artifactId: string, options?: CallOptions): Promise<Artifact>;
    contentUrl(artifactId: string): string;
    download(artifactId: string, options?: DownloadOptions): Promise<Download>;
  };
}
