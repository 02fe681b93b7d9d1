import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import {
  encodeLiveFrame,
  FabricError,
  isFinished,
  type LiveFrame,
  NATIVE_ENDPOINTS,
  type TakeId,
  toFabricError,
} from "@arc-fabric/contract";
import type { Engine, Logger, Store, System } from "@arc-fabric/core";
import { type WebSocket, WebSocketServer } from "ws";
import { type AccessRules, checkHost, checkToken } from "./access.ts";
import { errorResponse } from "./error-response.ts";
import { every } from "./every.ts";
import type { StreamLimit } from "./stream-limit.ts";
import { refuseInput, validate } from "./validate.ts";

/** Above this a viewer is slow and skips previews: about thirty JPEGs of 128x128. */
const PREVIEW_BUFFER_BYTES = 256 << 10;
/** Finished frames are never skipped, but a viewer that takes none of them is let go. */
const MAX_BUFFER_BYTES = 64 << 20;
const PING_MS = 15_000;
/** A viewer has nothing to say. */
const MAX_MESSAGE_BYTES = 1024;
const CLOSE = { finished: 1000, serverStops: 1001, tooSlow: 1013 } as const;

export interface LiveSocketDeps {
  readonly engine: Pick<Engine, "live">;
  readonly store: Pick<Store, "getTake" | "subscribe">;
  readonly system: System;
  readonly logger: Logger;
  readonly access: AccessRules;
  readonly streams: StreamLimit;
  readonly stopping: AbortSignal;
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
          watch(deps, viewer, takeId);
        }),
      )
      .catch((error: unknown) => refuse(deps, request, socket, error));
  });
}

async function accept(
  deps: LiveSocketDeps,
  request: IncomingMessage,
): Promise<{ takeId: TakeId; leave: () => void }> {
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

/** Sends frames until the take is finished, the viewer leaves or the server stops. */
function watch(deps: LiveSocketDeps, viewer: WebSocket, takeId: TakeId): void {
  const stopWatching = deps.engine.live.watch(takeId, (frame) => send(viewer, frame));
  const stopListening = deps.store.subscribe((event) => {
    if ("take_id" in event.data && event.data.take_id === takeId)
      void closeWhenFinished(deps, viewer, takeId);
  });
  const stop = () => viewer.close(CLOSE.serverStops, "the server stops");
  deps.stopping.addEventListener("abort", stop);
  const stopPinging = pingRegularly(deps.system, viewer);
  viewer.on("error", () => viewer.terminate());
  viewer.on("close", () => {
    stopWatching();
    stopListening();
    stopPinging();
    deps.stopping.removeEventListener("abort", stop);
  });
  void closeWhenFinished(deps, viewer, takeId);
}

function send(viewer: WebSocket, frame: LiveFrame): void {
  if (viewer.readyState !== viewer.OPEN) return;
  if (frame.kind === "preview" && viewer.bufferedAmount > PREVIEW_BUFFER_BYTES) return;
  if (viewer.bufferedAmount > MAX_BUFFER_BYTES) {
    viewer.close(CLOSE.tooSlow, "the viewer is too slow");
    viewer.terminate();
    return;
  }
  viewer.send(encodeLiveFrame(frame));
}

async function closeWhenFinished(
  { store, logger }: LiveSocketDeps,
  viewer: WebSocket,
  takeId: TakeId,
): Promise<void> {
  try {
    const take = await store.getTake(takeId);
    if (!take || isFinished(take.status)) viewer.close(CLOSE.finished, take?.status ?? "deleted");
  } catch (error) {
    logger.warn("A live view could not read its take.", { take_id: takeId, error: String(error) });
    viewer.close(1011);
  }
}

/** A viewer whose machine is gone does not close its connection: it is found by its silence. */
function pingRegularly(system: System, viewer: WebSocket): () => void {
  let alive = true;
  viewer.on("pong", () => (alive = true));
  return every(system, PING_MS, () => {
    if (!alive) return viewer.terminate();
    alive = false;
    viewer.ping();
  });
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
