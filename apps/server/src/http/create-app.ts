import { FabricError } from "@arc-fabric/contract";
import type { Engine, Logger, Store, System } from "@arc-fabric/core";
import { fastify, type FastifyInstance, type FastifyRequest } from "fastify";
import { type AccessRules, checkHost, checkToken } from "./access.ts";
import { bindEndpoints } from "./bind-endpoints.ts";
import {
  createErrorSender,
  pathOf,
  refuseUnknownAddress,
  registerErrors,
} from "./error-handling.ts";
import type { Handlers } from "./handler-types.ts";
import { serveLiveSockets } from "./live-socket.ts";
import { registerLogin } from "./login.ts";
import { registerBodyParsers } from "./body-parsers.ts";
import { limitBodyTime } from "./body-deadline.ts";
import type { StreamLimit } from "./stream-limit.ts";
import { registerStudio, sendStudioPage } from "./studio.ts";

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

export interface AppDeps {
  readonly handlers: Handlers;
  readonly engine: Pick<Engine, "live">;
  readonly store: Pick<Store, "getTake" | "subscribe">;
  readonly system: System;
  readonly logger: Logger;
  readonly access: AccessRules;
  readonly streams: StreamLimit;
  readonly maxBodyBytes: number;
  /** Largest form; forms carry files. */
  readonly maxFormBytes: number;
  /** The built studio; may not exist. */
  readonly studioDirectory: string;
  readonly errorsPage: () => string;
  readonly requestDone: (operation: string, status: number, seconds: number) => void;
  /** Requests wait for it: what a former server left running is put in order first. */
  readonly started: Promise<void>;
  /** Aborted when the server begins to stop: new requests are refused, streams end. */
  readonly stopping: AbortSignal;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Answered without a token. */
    readonly open?: boolean;
    readonly operation?: string;
    /** Its body is an archive of any length, read while it arrives. */
    readonly takesArchive?: boolean;
  }
}

/** The HTTP side of the server, not yet listening. */
export async function createApp(deps: AppDeps): Promise<FastifyInstance> {
  const sendError = createErrorSender(deps.logger, deps);
  const app = fastify({
    logger: false,
    bodyLimit: deps.maxBodyBytes,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    forceCloseConnections: "idle",
    genReqId: (request) => requestId(deps.system, request.headers["x-request-id"]),
    frameworkErrors: (error, request, reply) =>
      void sendError(request as FastifyRequest, reply as never, error),
  });
  registerErrors(app, sendError);
  registerBodyParsers(app, deps.maxFormBytes);
  limitBodyTime(app, deps.system);
  registerHooks(app, deps);
  bindEndpoints(app, deps);
  registerLogin(app, deps.access);
  app.get("/docs/errors", { config: { open: true } }, async (_request, reply) =>
    reply.type("text/html; charset=utf-8").send(deps.errorsPage()),
  );
  await registerStudio(app, deps.studioDirectory);
  app.setNotFoundHandler(
    (request, reply) =>
      sendStudioPage(request, reply, deps.studioDirectory) ?? refuseUnknownAddress(request),
  );
  serveLiveSockets(app.server, deps);
  return app;
}

function registerHooks(app: FastifyInstance, deps: AppDeps): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.headers({ "x-request-id": request.id, ...SECURITY_HEADERS });
    checkHost(deps.access, request.headers);
    await deps.started;
    if (deps.stopping.aborted)
      throw new FabricError("shutting_down", "The server is stopping.", {
        details: { retry_after_s: 5 },
      });
    if (!isOpen(request)) checkToken(deps.access, request.headers);
  });
  app.addHook("onResponse", async (request, reply) => {
    const { operation = "other" } = request.routeOptions.config;
    deps.requestDone(operation, reply.statusCode, reply.elapsedTime / 1000);
    deps.logger.debug(`${request.method} ${pathOf(request)} ${reply.statusCode}`, {
      request_id: request.id,
      ms: Math.round(reply.elapsedTime),
    });
  });
}

/** The studio's own files are open, so that its sign-in view can be shown; everything it then asks for is not. */
function isOpen(request: FastifyRequest): boolean {
  const { operation, open } = request.routeOptions.config;
  return open === true || (operation === undefined && !/^\/(api|v1)(\/|$)/.test(pathOf(request)));
}

function requestId(system: System, header: string | string[] | undefined): string {
  if (typeof header === "string" && REQUEST_ID.test(header)) return header;
  return `req_${Buffer.from(system.randomBytes(12)).toString("base64url")}`;
}

const SECURITY_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "content-security-policy": [
    "default-src 'self'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "style-src 'self' 'unsafe-inline'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; "),
} as const;
