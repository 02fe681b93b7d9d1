import {
  decodeLiveFrame,
  FabricError,
  isFinished,
  toFabricError,
  type LiveFrame,
} from "@arc-fabric/contract";
import { addressOf } from "./address.ts";
import type { FabricClient, StreamOptions } from "./client-types.ts";
import { LiveQueue } from "./live-queue.ts";
import { Reconnecting } from "./reconnecting.ts";
import { authHeaders, type Transport } from "./send-request.ts";

/** WebSocket close code the server uses when the take is finished. */
const NORMAL_CLOSE = 1000;
/** What browsers report for a connection that ended without a close message. */
const ABNORMAL_CLOSE = 1006;

/** Live frames of a take until it is finished; connects again when the connection is lost, without showing a frame twice. */
export async function* watchTake(
  deps: { transport: Transport; client: Pick<FabricClient, "takes"> },
  takeId: string,
  options: StreamOptions,
): AsyncGenerator<LiveFrame, undefined> {
  const { transport, client } = deps;
  const call = options.signal ? { signal: options.signal } : {};
  const reconnecting = new Reconnecting({ platform: transport.platform, options });
  const seen = new SeenFrames();
  while (!options.signal?.aborted) {
    reconnecting.connecting();
    try {
      const queue = connect(transport, takeId, options.signal, () => reconnecting.opened());
      try {
        for await (const frame of queue) {
          if (!seen.isNew(frame)) continue;
          reconnecting.progressed();
          yield frame;
        }
      } finally {
        queue.close();
      }
      if (queue.closeCode === NORMAL_CLOSE || options.signal?.aborted) return;
      // A refused handshake has no readable reason, so the take itself is asked: gone, not allowed, or finished.
      if (isFinished((await client.takes.get(takeId, call)).status)) return;
      await reconnecting.lost(
        new FabricError(
          "server_unreachable",
          `The live connection was lost (code ${queue.closeCode}).`,
        ),
      );
    } catch (error) {
      if (options.signal?.aborted) return;
      await reconnecting.lost(toFabricError(error)).catch((reason: unknown) => {
        if (!options.signal?.aborted) throw reason;
      });
    }
  }
}

function connect(
  transport: Transport,
  takeId: string,
  signal: AbortSignal | undefined,
  onOpen: () => void,
): LiveQueue {
  const socket = transport.platform.openSocket(
    addressOf(transport.baseUrl, "watchTake", { params: { take_id: takeId } }),
    authHeaders(transport),
  );
  socket.binaryType = "arraybuffer";
  const onAbort = () => queue.close();
  const queue = new LiveQueue(() => {
    signal?.removeEventListener("abort", onAbort);
    socket.onmessage = null;
    // Closing before the handshake is done is an error event on some platforms; nobody listens any more.
    socket.onerror = () => {};
    socket.close();
  });
  signal?.addEventListener("abort", onAbort, { once: true });
  socket.onopen = onOpen;
  // A refused handshake is an error without a close event in Node 22.
  socket.onerror = () => queue.end(ABNORMAL_CLOSE);
  socket.onmessage = ({ data }) => {
    const frame = data instanceof ArrayBuffer ? decodeLiveFrame(new Uint8Array(data)) : null;
    if (frame) queue.push(frame);
  };
  socket.onclose = ({ code }) => queue.end(code);
  return queue;
}

/** The server sends the newest frames again to a viewer that comes back. */
class SeenFrames {
  #newestMs = Number.NEGATIVE_INFINITY;
  #atNewest = new Set<string>();

  isNew(frame: LiveFrame): boolean {
    const key = `${frame.kind}/${frame.step}/${frame.frameIndex}`;
    if (frame.producedAtMs < this.#newestMs) return false;
    if (frame.producedAtMs > this.#newestMs) {
      this.#newestMs = frame.producedAtMs;
      this.#atNewest.clear();
    }
    if (this.#atNewest.has(key)) return false;
    this.#atNewest.add(key);
    return true;
  }
}
