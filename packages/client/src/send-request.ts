import { FabricError, isFabricError, type HttpMethod } from "@arc-fabric/contract";
import { backoffMs, sleep } from "./backoff.ts";
import { errorOfResponse, unreachable } from "./errors.ts";
import type { Platform } from "./platform.ts";

/** Short: a person waits for it. Streams have their own, longer one. */
const RETRY_BACKOFF = { baseMs: 300, maxMs: 4_000 };

export interface Transport {
  readonly baseUrl: string;
  readonly token: string | undefined;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly silenceMs: number;
  readonly platform: Platform;
}

export type RawBody = Blob | FormData | ReadableStream<Uint8Array>;

export interface OutgoingRequest<Result> {
  readonly method: HttpMethod;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. A stream can be sent only once. */
  readonly rawBody?: RawBody;
  /** Whether sending it twice does no more than sending it once. */
  readonly safeToRepeat: boolean;
  /** Reads the answer; a connection lost meanwhile counts as a network failure. */
  readonly read: (response: Response) => Promise<Result>;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly retries?: number | undefined;
}

/** Sends a request, again where that is safe. @throws FabricError, or the signal's reason when it is aborted */
export async function sendRequest<Result>(
  transport: Transport,
  request: OutgoingRequest<Result>,
): Promise<Result> {
  const attempts = request.safeToRepeat ? 1 + (request.retries ?? transport.retries) : 1;
  for (let attempt = 0; ; attempt++) {
    try {
      return await attemptRequest(transport, request);
    } catch (error) {
      if (attempt + 1 >= attempts || !mayPass(error)) throw error;
      const delayMs = backoffMs(attempt, RETRY_BACKOFF, transport.platform.random());
      await sleep(transport.platform, delayMs, request.signal);
    }
  }
}

export function authHeaders(transport: Transport): Record<string, string> {
  return transport.token === undefined ? {} : { authorization: `Bearer ${transport.token}` };
}

async function attemptRequest<Result>(
  transport: Transport,
  request: OutgoingRequest<Result>,
): Promise<Result> {
  const { platform } = transport;
  const timeoutMs = request.timeoutMs ?? transport.timeoutMs;
  const timeout = new AbortController();
  const cancelTimeout = platform.after(timeoutMs, () =>
    timeout.abort(new Error(`no answer within ${Math.round(timeoutMs / 1000)} s`)),
  );
  try {
    const response = await platform.fetch(request.url, {
      ...bodyOf(request),
      method: request.method,
      headers: {
        accept: "application/json",
        ...authHeaders(transport),
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...request.headers,
      },
      signal: request.signal ? AbortSignal.any([request.signal, timeout.signal]) : timeout.signal,
    });
    if (!response.ok) throw await errorOfResponse(response);
    return await request.read(response);
  } catch (error) {
    if (request.signal?.aborted) throw request.signal.reason;
    if (isFabricError(error)) throw error;
    throw unreachable(request.url, timeout.signal.aborted ? timeout.signal.reason : error);
  } finally {
    cancelTimeout();
  }
}

function bodyOf({ body, rawBody }: OutgoingRequest<unknown>): RequestInit {
  if (rawBody === undefined) return { body: body === undefined ? null : JSON.stringify(body) };

  // Without `duplex` a stream is not accepted as a body; browsers' types do not know it yet.
  return rawBody instanceof ReadableStream
    ? ({ body: rawBody, duplex: "half" } as RequestInit)
    : { body: rawBody };
}

/** @throws FabricError `server_unreachable` when something other than an Arc Fabric server answered */
export async function readJson<Result>(response: Response): Promise<Result> {
  const text = await response.text();
  try {
    return JSON.parse(text) as Result;
  } catch (cause) {
    throw new FabricError(
      "server_unreachable",
      `What answered at ${response.url} is not an Arc Fabric server: it did not send JSON.`,
      { cause },
    );
  }
}

/**
 * Failures of the way to the server pass; a full queue is for the caller to decide, who may rather tell a person.
 */
function mayPass(error: unknown): boolean {
  return (
    isFabricError(error) && (error.code === "server_unreachable" || error.code === "shutting_down")
  );
}
