import { Readable } from "node:stream";
import { type Endpoint, ENDPOINT_LIST, FabricError } from "@arc-fabric/contract";
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from "fastify";
import { type EventStreamDeps, streamEvents } from "./event-stream.ts";
import { ARCHIVE_TYPE } from "./body-parsers.ts";
import type {
  EventAnswer,
  FileAnswer,
  Handlers,
  RequestContext,
  StreamAnswer,
} from "./handler-types.ts";
import { idempotencyRecord } from "./idempotency.ts";
import { sendFile, sendStream } from "./send-file.ts";
import type { StreamLimit } from "./stream-limit.ts";
import { refuseInput, validate } from "./validate.ts";

export interface BindDeps extends EventStreamDeps {
  readonly handlers: Handlers;
  readonly streams: StreamLimit;
}

type AnyHandler = (input: {
  params: unknown;
  query: unknown;
  body: unknown;
  context: RequestContext;
}) => Promise<unknown>;

/** Gives every endpoint of the table its route: input checked, handler called, answer sent by its kind. */
export function bindEndpoints(app: FastifyInstance, deps: BindDeps): void {
  const handlers = deps.handlers as unknown as Readonly<Record<string, AnyHandler>>;
  for (const [operation, endpoint] of ENDPOINT_LIST) {
    if (endpoint.response.kind === "socket") continue;
    const handler = handlers[operation]!;
    app.route({
      method: methodsOf(endpoint),
      url: fastifyPath(endpoint.path),
      config: { open: endpoint.open === true, operation, takesArchive: takesArchive(endpoint) },
      handler: async (request, reply) => {
        const input = readInput(operation, endpoint, request, reply);
        return sendAnswer(deps, endpoint, request, reply, await handler(input));
      },
    });
  }
}

/** `/takes/{take_id}` as Fastify writes it. */
export const fastifyPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ":$1");

const takesArchive = ({ bodyTypes }: Endpoint): boolean =>
  bodyTypes?.includes(ARCHIVE_TYPE) === true;

/** An event stream has no end, so its HEAD would not end either. */
const methodsOf = ({ method, response }: Endpoint): HTTPMethods[] =>
  method === "GET" && response.kind !== "events" ? ["GET", "HEAD"] : [method];

function readInput(
  operation: string,
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const { params, query, body } = readParts(endpoint, request);
  const header = (name: string) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const context: RequestContext = {
    requestId: request.id,
    idempotency: endpoint.idempotent
      ? idempotencyRecord(header("idempotency-key"), operation, { params, body })
      : null,
    archive: takesArchive(endpoint) && request.body instanceof Readable ? request.body : null,
    lastEventId:
      endpoint.response.kind === "events" ? lastEventId(header("last-event-id"), query) : null,
    markReplayed: () => void reply.header("idempotent-replayed", "true"),
  };
  return { params, query, body, context };
}

function readParts(endpoint: Endpoint, request: FastifyRequest) {
  const params = endpoint.params ? validate(endpoint.params, request.params, "path") : {};
  const query = endpoint.query
    ? validate(endpoint.query, request.query, "query")
    : refuseInput(request.query, "query");
  if (endpoint.body || request.body instanceof Readable || takesArchive(endpoint))
    checkBodyType(endpoint, request);
  if (!endpoint.body) {
    if (!takesArchive(endpoint)) refuseInput(request.body, "body");
    return { params, query: query ?? {}, body: undefined };
  }
  return { params, query: query ?? {}, body: validate(endpoint.body, request.body ?? {}, "body") };
}

function checkBodyType({ bodyTypes }: Endpoint, request: FastifyRequest): void {
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  const accepted: readonly string[] = bodyTypes ?? ["application/json"];
  if (request.body === undefined || !type || accepted.includes(type)) return;
  throw new FabricError(
    "unsupported_media_type",
    `This address takes ${accepted.join(" or ")}, not ${type}.`,
    { details: { accepted } },
  );
}

/** The header is newer than the address when a browser reconnects, so it wins. */
function lastEventId(header: string | undefined, query: unknown): number | null {
  if (header === undefined || header === "") return (query as { after?: number }).after ?? null;
  if (/^\d{1,15}$/.test(header)) return Number(header);
  throw new FabricError(
    "invalid_request",
    "The Last-Event-ID header must be the id of an event: a whole number.",
    { details: { field: "Last-Event-ID" } },
  );
}

async function sendAnswer(
  deps: BindDeps,
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: unknown,
): Promise<unknown> {
  const { response } = endpoint;
  switch (response.kind) {
    case "json":
      reply
        .code(response.status)
        .header("cache-control", "no-store")
        .type("application/json; charset=utf-8");
      return reply.send(JSON.stringify(answer));
    case "text":
      return reply.type(`${response.mediaType}; charset=utf-8`).send(answer);
    case "file":
      return "stream" in (answer as FileAnswer | StreamAnswer)
        ? sendStream(request, reply, answer as StreamAnswer)
        : sendFile(request, reply, answer as FileAnswer);
    case "events": {
      const leave = deps.streams.enter();
      reply.hijack();
      const headers = Object.fromEntries(
        Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]),
      );
      await streamEvents(deps, reply.raw, headers, answer as EventAnswer).finally(leave);
      return reply;
    }
    case "socket":
      throw new FabricError("internal", "A WebSocket address was routed as HTTP.");
  }
}
