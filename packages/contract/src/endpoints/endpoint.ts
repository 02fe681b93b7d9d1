import type { z } from "zod";
import type { ErrorCode } from "../error-catalogue.ts";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What an endpoint answers with when all goes well. */
export type EndpointResponse =
  | { readonly kind: "json"; readonly status: 200 | 201; readonly schema: z.ZodType }
  /** Bytes with HTTP ranges. */
  | {
      readonly kind: "file";
      readonly mediaTypes: readonly string[];
      /** Made while it is sent: without ranges, its length is not known before. */
      readonly streamed?: boolean;
    }
  /** Server-sent events; each event's `data` follows the schema. */
  | { readonly kind: "events"; readonly schema: z.ZodType }
  /** WebSocket with binary messages (see live.ts). */
  | { readonly kind: "socket" }
  | { readonly kind: "text"; readonly mediaType: string };

export interface Endpoint {
  readonly method: HttpMethod;
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly tag:
    | "models"
    | "sessions"
    | "takes"
    | "artifacts"
    | "files"
    | "streams"
    | "events"
    | "system"
    | "openai";
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** How the body may be sent; JSON only unless said. */
  readonly bodyTypes?: readonly (
    | "application/json"
    | "multipart/form-data"
    | "application/x-tar"
  )[];
  /** Takes an Idempotency-Key header. */
  readonly idempotent?: boolean;
  readonly response: EndpointResponse;
  readonly errors: readonly ErrorCode[];
  /** Answered without a token. */
  readonly open?: boolean;
}

/** Keeps the literal types of a table while checking its form. */
export const defineEndpoints = <const Table extends Record<string, Endpoint>>(
  table: Table,
): Table => table;

export type ParamsOf<E extends Endpoint> = E["params"] extends z.ZodType
  ? z.infer<E["params"]>
  : Record<never, never>;
export type ParamsInputOf<E extends Endpoint> = E["params"] extends z.ZodType
  ? z.input<E["params"]>
  : Record<never, never>;
export type QueryOf<E extends Endpoint> = E["query"] extends z.ZodType
  ? z.infer<E["query"]>
  : Record<never, never>;
export type QueryInputOf<E extends Endpoint> = E["query"] extends z.ZodType
  ? z.input<E["query"]>
  : Record<never, never>;
export type BodyOf<E extends Endpoint> = E["body"] extends z.ZodType
  ? z.infer<E["body"]>
  : undefined;
export type BodyInputOf<E extends Endpoint> = E["body"] extends z.ZodType
  ? z.input<E["body"]>
  : undefined;
export type ResponseOf<E extends Endpoint> = E["response"] extends {
  schema: infer S extends z.ZodType;
}
  ? z.infer<S>
  : unknown;
