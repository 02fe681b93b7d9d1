import { FabricError, toFabricError, type FabricEvent } from "@arc-fabric/contract";
import { addressOf } from "./address.ts";
import type { EventsOptions } from "./client-types.ts";
import { unreachable } from "./errors.ts";
import { Reconnecting } from "./reconnecting.ts";
import { sendRequest, type Transport } from "./send-request.ts";
import { SseParser, type SseMessage } from "./sse-parser.ts";

/** Durable events in order, each once; connects again from the last one seen. Ends when the signal is aborted. */
export async function* eventStream(
  transport: Transport,
  options: EventsOptions,
): AsyncGenerator<FabricEvent, undefined> {
  const url = eventsUrl(transport, options);
  const reconnecting = new Reconnecting({ platform: transport.platform, options });
  // A session's stream begins at its beginning, so that its position is known before the first event; the stream of
  // everything begins now, and the server's first message says where that is.
  let lastId = options.after ?? (options.sessionId === undefined ? null : 0);
  while (!options.signal?.aborted) {
    reconnecting.connecting();
    try {
      for await (const message of openStream(transport, url, lastId, options.signal, () =>
        reconnecting.opened(),
      )) {
        if (message.type === "retry") {
          reconnecting.serverAsksFor(message.ms);
          continue;
        }
        const id = message.id === null ? null : Number(message.id);
        if (id !== null && lastId !== null && id <= lastId && message.type === "event") continue;
        if (id !== null) lastId = Math.max(id, lastId ?? 0);
        if (message.type !== "event") continue;
        reconnecting.progressed();
        yield parseEvent(message.data);
      }
      await reconnecting.lost(
        new FabricError("server_unreachable", "The server ended the event stream.", {
          details: { url },
        }),
      );
    } catch (error) {
      if (options.signal?.aborted) return;
      await reconnecting.lost(toFabricError(error)).catch((reason: unknown) => {
        if (!options.signal?.aborted) throw reason;
      });
    }
  }
}

function eventsUrl(transport: Transport, options: EventsOptions): string {
  return options.sessionId === undefined
    ? addressOf(transport.baseUrl, "streamEvents", {})
    : addressOf(transport.baseUrl, "streamSessionEvents", {
        params: { session_id: options.sessionId },
      });
}

/** The messages of one connection. */
async function* openStream(
  transport: Transport,
  url: string,
  lastId: number | null,
  signal: AbortSignal | undefined,
  onOpen: () => void,
): AsyncGenerator<SseMessage> {
  const ended = new AbortController();
  const body = await sendRequest(transport, {
    method: "GET",
    url,
    headers: {
      accept: "text/event-stream",
      ...(lastId === null ? {} : { "last-event-id": String(lastId) }),
    },
    safeToRepeat: false,
    signal: signal ? AbortSignal.any([signal, ended.signal]) : ended.signal,
    read: (response) => Promise.resolve(eventBody(response)),
  });
  onOpen();
  const reader = body.getReader();
  const parser = new SseParser();
  try {
    for (;;) {
      const chunk = await readWithin(transport, reader, url);
      if (chunk === null) return;
      yield* parser.push(chunk);
    }
  } finally {
    // Also frees the connection when the reader of the events stops early.
    ended.abort(new Error("the stream is no longer read"));
    await reader.cancel().catch(() => undefined);
  }
}

function eventBody(response: Response): ReadableStream<Uint8Array> {
  const type = response.headers.get("content-type") ?? "";
  if (response.body && type.startsWith("text/event-stream")) return response.body;
  throw new FabricError(
    "server_unreachable",
    `${response.url} does not send events but "${type}".`,
  );
}

/** A connection whose other end vanished without a word stays silent for ever; the server's heartbeats tell it from a quiet one. */
async function readWithin(
  transport: Transport,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  url: string,
): Promise<Uint8Array | null> {
  let cancel = () => {};
  const silence = new Promise<never>((_, reject) => {
    cancel = transport.platform.after(transport.silenceMs, () =>
      reject(
        unreachable(
          url,
          new Error(`no sign of life for ${Math.round(transport.silenceMs / 1000)} s`),
        ),
      ),
    );
  });
  try {
    const result = await Promise.race([reader.read(), silence]);
    return result.done ? null : result.value;
  } catch (error) {
    throw error instanceof TypeError ? unreachable(url, error) : error;
  } finally {
    cancel();
  }
}

function parseEvent(data: string): FabricEvent {
  try {
    return JSON.parse(data) as FabricEvent;
  } catch (cause) {
    throw new FabricError("invalid_json", "The server sent an event that is not JSON.", { cause });
  }
}
