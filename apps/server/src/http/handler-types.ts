import type { Readable } from "node:stream";
import type {
  BodyOf,
  Endpoint,
  ENDPOINTS,
  FabricEvent,
  Operation,
  ParamsOf,
  QueryOf,
  ResponseOf,
} from "@arc-fabric/contract";
import type { IdempotencyRecord } from "@arc-fabric/core";

/** What a handler may know of a request beside its validated input. */
export interface RequestContext {
  readonly requestId: string;
  /** From the Idempotency-Key header, where the endpoint takes one. */
  readonly idempotency: IdempotencyRecord | null;
  /** The unread body of an archive that is uploaded; null for every other body. */
  readonly archive: Readable | null;
  /** From the Last-Event-ID header or the `after` field. */
  readonly lastEventId: number | null;
  /** Marks the answer as the one of an earlier request with the same Idempotency-Key. */
  readonly markReplayed: () => void;
}

/** Immutable bytes to send, in whole or in part. */
export interface FileAnswer {
  /** sha256 hex; the ETag. */
  readonly digest: string;
  readonly bytes: number;
  readonly mediaType: string;
  readonly fileName: string;
  /** This address will never have other bytes. */
  readonly immutable: boolean;
  /** Bytes [start, end]. */
  readonly open: (range: { start: number; end: number }) => Promise<Readable>;
}

/** Bytes that are made while they are sent: no ranges, and their length is not known before. */
export interface StreamAnswer {
  readonly mediaType: string;
  readonly fileName: string;
  readonly stream: () => Readable;
}

/** A stream of events that is read from the store and goes on as new ones are written. */
export interface EventAnswer {
  /** The stream begins after this number. */
  readonly after: number;
  readonly numberOf: (event: FabricEvent) => number;
  /** @returns null when the stream's subject is gone */
  readonly read: (after: number, limit: number) => Promise<readonly FabricEvent[] | null>;
  /** Tells once the stream's subject is deleted, which no event does. @returns stops listening */
  readonly onGone: (listener: () => void) => () => void;
  /** Whether a new event is for this stream. */
  readonly concerns: (event: FabricEvent) => boolean;
}

export interface HandlerInput<E extends Endpoint> {
  readonly params: ParamsOf<E>;
  readonly query: QueryOf<E>;
  readonly body: BodyOf<E>;
  readonly context: RequestContext;
}

interface Answers<E extends Endpoint> {
  json: ResponseOf<E>;
  file: FileAnswer | StreamAnswer;
  events: EventAnswer;
  text: string;
  socket: never;
}

export type Handler<E extends Endpoint> = (
  input: HandlerInput<E>,
) => Promise<Answers<E>[E["response"]["kind"]]>;

/** WebSockets are upgraded before routing; see live-socket.ts. */
export type SocketOperation = {
  [Op in Operation]: (typeof ENDPOINTS)[Op]["response"]["kind"] extends "socket" ? Op : never;
}[Operation];

/** One handler for each endpoint of the table: a missing one does not compile. */
export type Handlers = {
  readonly [Op in Exclude<Operation, SocketOperation>]: Handler<(typeof ENDPOINTS)[Op]>;
};
