import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { FabricEvent } from "@arc-fabric/contract";
import type { Logger, Store, System } from "@arc-fabric/core";
import { every } from "./every.ts";
import type { EventAnswer } from "./handler-types.ts";
import { Wake } from "./wake.ts";

/** Proxies and clients give up on connections that are silent for 15 to 60 seconds. */
const HEARTBEAT_MS = 15_000;
/** A client that takes nothing for this long is dropped; it comes back with its last id. */
const DRAIN_TIMEOUT_MS = 30_000;
const RECONNECT_MS = 1_000;
/** Events read from the store at a time: what one slow client can hold in memory. */
const PAGE = 200;

export interface EventStreamDeps {
  readonly store: Pick<Store, "subscribe">;
  readonly system: System;
  readonly logger: Logger;
  /** Ends every stream when the server stops. */
  readonly stopping: AbortSignal;
}

/**
 * Server-sent events from the store, then as they are written. The store is the only source, read from the last
 * number sent: nothing is missed or sent twice between replay and live, and a slow client costs one page of memory.
 */
export async function streamEvents(
  deps: EventStreamDeps,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  answer: EventAnswer,
): Promise<void> {
  const wake = new Wake();
  const unsubscribe = deps.store.subscribe((event) => {
    if (answer.concerns(event)) wake.notify();
  });
  const stopListening = answer.onGone(() => wake.notify());
  const end = () => response.end(() => wake.notify());
  const stopHeartbeat = every(deps.system, HEARTBEAT_MS, () => {
    if (!response.writableNeedDrain && !response.writableEnded) response.write(": heartbeat\n\n");
  });
  response.on("close", () => wake.notify());
  deps.stopping.addEventListener("abort", end);
  try {
    writeHead(response, headers, answer.after);
    if (deps.stopping.aborted) return;
    await sendUntilClosed(deps, response, answer, wake);
  } catch (error) {
    deps.logger.debug("An event stream ended early.", { error: String(error) });
    response.destroy();
  } finally {
    stopHeartbeat();
    unsubscribe();
    stopListening();
    deps.stopping.removeEventListener("abort", end);
    response.end();
  }
}

async function sendUntilClosed(
  deps: EventStreamDeps,
  response: ServerResponse,
  answer: EventAnswer,
  wake: Wake,
): Promise<void> {
  let last = answer.after;
  while (!response.writableEnded && !response.destroyed) {
    const events = await answer.read(last, PAGE);
    if (events === null) return;
    if (events.length > 0) {
      last = answer.numberOf(events.at(-1)!);
      await write(
        deps,
        response,
        events.map((event) => eventText(event, answer.numberOf(event))).join(""),
      );
    }
    if (events.length < PAGE) await wake.wait();
  }
}

/** No `event:` line, so that a browser's `onmessage` gets every type; the type is in the data. */
const eventText = (event: FabricEvent, id: number) =>
  `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`;

/** The id without data tells the client where the stream begins, so that a drop before the first event loses nothing. */
function writeHead(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  after: number,
): void {
  response.writeHead(200, {
    ...headers,
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
  response.write(`retry: ${RECONNECT_MS}\nid: ${after}\n\n`);
}

/** @throws when the client takes nothing for too long */
async function write(
  { system }: EventStreamDeps,
  response: ServerResponse,
  text: string,
): Promise<void> {
  if (response.writableEnded || response.write(text) || response.destroyed) return;
  const done = new AbortController();
  const progress = Promise.race([
    once(response, "drain", { signal: done.signal }),
    once(response, "close", { signal: done.signal }),
  ]);
  const tooSlow = system.sleep(DRAIN_TIMEOUT_MS, done.signal).then(() => {
    throw new Error("the client takes nothing");
  });
  try {
    await Promise.race([progress, tooSlow]);
  } finally {
    done.abort();
  }
}
