import {
  encodeLiveFrame,
  type EventType,
  isFinished,
  type LiveFrame,
  type TakeId,
} from "@arc-fabric/contract";
import type { Engine, Logger, Store, System } from "@arc-fabric/core";
import type { WebSocket } from "ws";
import { every } from "./every.ts";

/** Above this a viewer is slow and skips previews: about fifty JPEGs of 128x128. */
const PREVIEW_BUFFER_BYTES = 256 << 10;
/** Finished frames are never skipped, but a viewer that takes none of them is let go. */
const MAX_BUFFER_BYTES = 64 << 20;
const PING_MS = 15_000;
/** When the server stops it does not wait longer than this for a viewer to say goodbye. */
const GOODBYE_MS = 1_000;
const CLOSE = { finished: 1000, serverStops: 1001, broken: 1011, tooSlow: 1013 } as const;
const LAST_EVENTS: readonly EventType[] = [
  "take.completed",
  "take.failed",
  "take.cancelled",
  "take.deleted",
];

/** What of a WebSocket a viewer needs; a test gives a slow one. */
export type ViewerSocket = Pick<
  WebSocket,
  "readyState" | "OPEN" | "bufferedAmount" | "send" | "close" | "terminate" | "ping" | "on"
>;

export interface LiveViewerDeps {
  readonly engine: Pick<Engine, "live">;
  readonly store: Pick<Store, "getTake" | "subscribe">;
  readonly system: System;
  readonly logger: Logger;
  readonly stopping: AbortSignal;
}

/** Sends a take's frames until it is finished, the viewer leaves or the server stops. */
export function showTake(deps: LiveViewerDeps, viewer: ViewerSocket, takeId: TakeId): void {
  const stopWatching = deps.engine.live.watch(takeId, (frame) => sendFrame(viewer, frame));
  const stopListening = deps.store.subscribe(({ type, data }) => {
    if (LAST_EVENTS.includes(type) && "take_id" in data && data.take_id === takeId)
      viewer.close(CLOSE.finished, type);
  });
  const stop = () => {
    viewer.close(CLOSE.serverStops, "the server stops");
    deps.system.sleep(GOODBYE_MS).then(
      () => viewer.terminate(),
      () => {},
    );
  };
  deps.stopping.addEventListener("abort", stop);
  const stopPinging = pingRegularly(deps.system, viewer);
  viewer.on("error", () => viewer.terminate());
  viewer.on("close", () => {
    stopWatching();
    stopListening();
    stopPinging();
    deps.stopping.removeEventListener("abort", stop);
  });
  void closeIfFinished(deps, viewer, takeId);
}

/** Every frame costs memory until the viewer has taken it: a slow one skips previews, which the next one replaces. */
function sendFrame(viewer: ViewerSocket, frame: LiveFrame): void {
  if (viewer.readyState !== viewer.OPEN) return;
  if (frame.kind === "preview" && viewer.bufferedAmount > PREVIEW_BUFFER_BYTES) return;
  if (viewer.bufferedAmount > MAX_BUFFER_BYTES) {
    viewer.close(CLOSE.tooSlow, "the viewer is too slow");
    viewer.terminate();
    return;
  }
  viewer.send(encodeLiveFrame(frame));
}

/** The take may have ended before this viewer listened. */
async function closeIfFinished(
  { store, logger }: LiveViewerDeps,
  viewer: ViewerSocket,
  takeId: TakeId,
): Promise<void> {
  try {
    const take = await store.getTake(takeId);
    if (!take || isFinished(take.status)) viewer.close(CLOSE.finished, take?.status ?? "deleted");
  } catch (error) {
    logger.warn("A live view could not read its take.", { take_id: takeId, error: String(error) });
    viewer.close(CLOSE.broken);
  }
}

/** A viewer whose machine is gone does not close its connection: it is found by its silence. */
function pingRegularly(system: System, viewer: ViewerSocket): () => void {
  let alive = true;
  viewer.on("pong", () => (alive = true));
  return every(system, PING_MS, () => {
    if (!alive) return viewer.terminate();
    alive = false;
    viewer.ping();
  });
}
