import { FabricError, isFabricError, toFabricError } from "@arc-fabric/contract";
import { addressOf, type AddressInput } from "./address.ts";
import { backoffMs, sleep } from "./backoff.ts";
import type { Download, DownloadOptions, FileOperation } from "./client-types.ts";
import { unreachable } from "./errors.ts";
import { sendRequest, type Transport } from "./send-request.ts";

/** How often a transfer is taken up again without a single new byte in between. */
const MAX_STALLS = 4;
const STALL_BACKOFF = { baseMs: 300, maxMs: 4_000 };

/**
 * Starts a download; its chunks go on at the byte where a lost connection broke off, if the file is still the same.
 * A file without length or tag (one that is made while it is sent) is not taken up again: its loss is an error.
 */
export async function downloadFile(
  transport: Transport,
  operation: FileOperation,
  input: AddressInput,
  options: DownloadOptions,
): Promise<Download> {
  const url = addressOf(transport.baseUrl, operation, input);
  const first = await open(transport, url, {}, options);
  const length = first.headers.get("content-length");
  const bytes = length === null || first.headers.has("content-encoding") ? null : Number(length);
  const chunks = chunksOf({ transport, url, first, bytes, options });
  return {
    mediaType: first.headers.get("content-type") ?? "application/octet-stream",
    bytes,
    chunks,
    async toBytes() {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk);
      return joined(parts);
    },
  };
}

interface Transfer {
  readonly transport: Transport;
  readonly url: string;
  readonly first: Response;
  readonly bytes: number | null;
  readonly options: DownloadOptions;
}

async function* chunksOf(transfer: Transfer): AsyncGenerator<Uint8Array, void> {
  const { transport, url, first, bytes, options } = transfer;
  const etag = first.headers.get("etag");
  let response = first;
  let done = 0;
  for (let stalls = 0; ; stalls++) {
    const before = done;
    try {
      for await (const chunk of bodyOf(response, url)) {
        done += chunk.byteLength;
        options.onProgress?.(done, bytes);
        yield chunk;
      }
      if (bytes === null || done === bytes) return;
      throw new FabricError(
        "server_unreachable",
        `The download of ${url} ended after ${done} of ${bytes} bytes.`,
      );
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      if (done > before) stalls = 0;
      if (bytes === null || etag === null || stalls >= MAX_STALLS || !isConnectionLoss(error))
        throw toFabricError(error);
    }
    await sleep(
      transport.platform,
      backoffMs(stalls, STALL_BACKOFF, transport.platform.random()),
      options.signal,
    );
    const range: Record<string, string> =
      done > 0 ? { range: `bytes=${done}-`, "if-range": etag } : {};
    response = await open(transport, url, range, options);
    if (response.headers.get("etag") !== etag || (done > 0 && response.status !== 206))
      throw new FabricError(
        "artifact_not_found",
        `The file at ${url} changed while it was downloaded.`,
      );
  }
}

function open(
  transport: Transport,
  url: string,
  headers: Record<string, string>,
  options: DownloadOptions,
): Promise<Response> {
  return sendRequest(transport, {
    method: "GET",
    url,
    headers: { accept: "*/*", ...headers },
    safeToRepeat: true,
    signal: options.signal,
    timeoutMs: options.timeoutMs,
    retries: options.retries,
    read: (response) => Promise.resolve(response),
  });
}

async function* bodyOf(response: Response, url: string): AsyncGenerator<Uint8Array, void> {
  if (!response.body) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const result = await reader.read().catch((error: unknown) => {
        throw unreachable(url, error);
      });
      if (result.done) return;
      yield result.value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

const isConnectionLoss = (error: unknown): boolean =>
  isFabricError(error) && error.code === "server_unreachable";

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
