import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { FabricError, NATIVE_ENDPOINTS, type TakeId, toFabricError } from "@arc-fabric/contract";
import type { Store } from "@arc-fabric/core";
import { WebSocketServer } from "ws";
import { type AccessRules, checkHost, checkToken } from "./access.ts";
import { errorResponse } from "./error-response.ts";
import { type LiveViewerDeps, showTake } from "./live-viewer.ts";
import type { StreamLimit } from "./stream-limit.ts";
import { refuseInput, validate } from "./validate.ts";

/** A viewer has nothing to say. */
const MAX_MESSAGE_BYTES = 1024;

export interface LiveSocketDeps extends LiveViewerDeps {
  readonly store: Pick<Store, "getTake" | "subscribe">;
  readonly access: AccessRules;
  readonly streams: StreamLimit;
  readonly started: Promise<void>;
}

const PATH = new RegExp(`^${NATIVE_ENDPOINTS.watchTake.path.replace("{take_id}", "([^/]+)")}$`);

/** Answers WebSocket upgrades of `/api/v1/takes/{take_id}/live`; every other upgrade is refused. */
export function serveLiveSockets(server: Server, deps: LiveSocketDeps): void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    accept(deps, request)
      .then(({ takeId, leave }) =>
        sockets.handleUpgrade(request, socket, head, (viewer) => {
          viewer.on("close", leave);
          showTake(deps, viewer, takeId);
        }),
      )
      .catch((error: unknown) => refuse(deps, request, socket, error));
  });
}

async function accept(
  deps: LiveSocketDeps,
  request: IncomingMessage,
): Promise<{ takeId: TakeId; leave: () => void }> {
  await deps.started;
  if (deps.stopping.aborted) throw new FabricError("shutting_down", "The server is stopping.");
  const url = new URL(request.url ?? "/", "http://localhost");
  const match = PATH.exec(url.pathname);
  if (!match) throw new FabricError("not_found", `There is no WebSocket at ${url.pathname}.`);
  checkHost(deps.access, request.headers);
  checkToken(deps.access, request.headers);
  const { take_id: takeId } = validate(
    NATIVE_ENDPOINTS.watchTake.params,
    { take_id: decodeURIComponent(match[1]!) },
    "path",
  );
  refuseInput(Object.fromEntries(url.searchParams), "query");
  if (!(await deps.store.getTake(takeId)))
    throw new FabricError("take_not_found", `There is no take ${takeId}.`);
  return { takeId, leave: deps.streams.enter() };
}

function refuse(
  deps: LiveSocketDeps,
  request: IncomingMessage,
  socket: Duplex,
  thrown: unknown,
): void {
  const error =
    thrown instanceof URIError
      ? new FabricError("invalid_request", "The address is not valid.")
      : toFabricError(thrown);
  if (error.code === "internal")
    deps.logger.error("A WebSocket could not be opened.", { error: String(error.cause ?? error) });
  const { status, headers, body } = errorResponse(error, {
    id: "upgrade",
    method: "GET",
    path: request.url ?? "/",
  });
  const text = JSON.stringify(body);
  const lines = Object.entries({
    ...headers,
    connection: "close",
    "content-length": String(Buffer.byteLength(text)),
  });
  socket.end(
    `HTTP/1.1 ${status} ${body && "title" in body ? body.title : "Error"}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${text}`,
  );
}
