import type { Session } from "@arc-fabric/contract";
import { addressOf } from "./address.ts";
import type { BundleSource, ImportOptions } from "./client-types.ts";
import { unreachable } from "./errors.ts";
import { readJson, sendRequest, type RawBody, type Transport } from "./send-request.ts";

/** Bound of a whole transfer; of a Blob, which the platform sends, no more is known. */
const TRANSFER_TIMEOUT_MS = 6 * 3600 * 1000;
/** How long a bundle that is sent in pieces may stand still; the server checks every digest before it answers. */
const STALL_MS = 120_000;

/** Sends a bundle. @throws FabricError, or what reading the source has thrown */
export async function importBundle(
  transport: Transport,
  bundle: BundleSource,
  options: ImportOptions,
): Promise<Session> {
  if (bundle instanceof Blob)
    return send(transport, bundle, options.timeoutMs ?? TRANSFER_TIMEOUT_MS, options.signal);
  const stop = new AbortController();
  let cancelStall = () => {};
  const watch = () => {
    cancelStall();
    cancelStall = transport.platform.after(options.timeoutMs ?? STALL_MS, () =>
      stop.abort(unreachable(addressOfImport(transport), "the upload stands still")),
    );
  };
  const source = piecesOf(bundle, (bytesDone) => {
    watch();
    options.onProgress?.(bytesDone);
  });
  watch();
  try {
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    return await send(transport, source.stream, TRANSFER_TIMEOUT_MS, signal);
  } catch (error) {
    // A file that cannot be read any more is no fault of the network.
    throw source.failure() ?? error;
  } finally {
    cancelStall();
    // fetch does not cancel the body of a request that was aborted while it waited for the network.
    await source.close();
  }
}

const addressOfImport = (transport: Transport) => addressOf(transport.baseUrl, "importSession", {});

function send(
  transport: Transport,
  body: RawBody,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Session> {
  return sendRequest(transport, {
    method: "POST",
    url: addressOfImport(transport),
    headers: { "content-type": "application/x-tar" },
    rawBody: body,
    safeToRepeat: false,
    signal,
    timeoutMs,
    read: readJson<Session>,
  });
}

interface Source {
  readonly stream: ReadableStream<Uint8Array>;
  /** What reading has thrown. */
  failure(): Error | null;
  close(): Promise<void>;
}

/** A stream of the pieces, read as fast as they are sent. */
function piecesOf(source: AsyncIterable<Uint8Array>, onPiece: (bytesDone: number) => void): Source {
  const pieces = source[Symbol.asyncIterator]();
  let failure: Error | null = null;
  let bytes = 0;
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await pieces.next();
        if (done) return controller.close();
        bytes += value.byteLength;
        onPiece(bytes);
        controller.enqueue(value);
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        controller.error(failure);
      }
    },
  });
  return {
    stream,
    failure: () => failure,
    async close() {
      await pieces.return?.();
    },
  };
}
