import { FabricError } from "./fabric-error.ts";
import type { MessagePart } from "./worker-messages.ts";

/**
 * A frame is: u32 LE header bytes, u32 LE payload bytes, header (UTF-8 JSON), payload (the message's parts one after the other).
 * The caps keep a broken or hostile peer from making the other side allocate without bound: a header is a message
 * without bulk data; the largest payload foreseen is the decoded frames of one group at 1280x720 with room to spare.
 */
export const FRAME_PREFIX_BYTES = 8;
export const MAX_HEADER_BYTES = 4 << 20;
export const MAX_PAYLOAD_BYTES = 512 << 20;

export interface Frame {
  /** The parsed header; to be checked against a message schema. */
  readonly header: unknown;
  readonly payload: Uint8Array;
}

export type NamedParts = Readonly<Record<string, Uint8Array>>;

/** The buffers to write for one message, in order; `parts` of the header is filled in from `payload`. */
export function encodeFrame(
  message: Readonly<Record<string, unknown>>,
  payload: NamedParts = {},
): Uint8Array[] {
  const entries = Object.entries(payload);
  const partList: MessagePart[] = entries.map(([name, data]) => ({ name, bytes: data.byteLength }));
  const header = new TextEncoder().encode(JSON.stringify({ ...message, parts: partList }));
  const payloadBytes = partList.reduce((sum, part) => sum + part.bytes, 0);
  checkSizes(header.byteLength, payloadBytes);
  const prefix = new Uint8Array(FRAME_PREFIX_BYTES);
  const view = new DataView(prefix.buffer);
  view.setUint32(0, header.byteLength, true);
  view.setUint32(4, payloadBytes, true);
  return [prefix, header, ...entries.map(([, data]) => data)];
}

/** Cuts a payload into its named parts (views). @throws FabricError `worker_protocol` when the sizes do not add up */
export function splitParts(
  parts: readonly MessagePart[],
  payload: Uint8Array,
): Record<string, Uint8Array> {
  const named: Record<string, Uint8Array> = {};
  let offset = 0;
  for (const part of parts) {
    named[part.name] = payload.subarray(offset, offset + part.bytes);
    offset += part.bytes;
  }
  if (offset !== payload.byteLength)
    throw new FabricError(
      "worker_protocol",
      `A frame's parts add up to ${offset} bytes but its payload has ${payload.byteLength}.`,
    );
  return named;
}

/** Puts frames together from a stream of chunks of any size. */
export class FrameDecoder {
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #needed = FRAME_PREFIX_BYTES;

  /** @returns the frames completed by this chunk. @throws FabricError `worker_protocol` on a size over the cap or a header that is not JSON */
  push(chunk: Uint8Array): Frame[] {
    // A plain view: a Node Buffer's `slice` does not copy, which would let code further on share memory unawares.
    this.#chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#buffered += chunk.byteLength;
    const frames: Frame[] = [];
    while (this.#buffered >= this.#needed) {
      const frame = this.#take();
      if (!frame) continue;
      frames.push(frame);
    }
    return frames;
  }

  #take(): Frame | null {
    const bytes = this.#joined();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const headerBytes = view.getUint32(0, true);
    const payloadBytes = view.getUint32(4, true);
    checkSizes(headerBytes, payloadBytes);
    const total = FRAME_PREFIX_BYTES + headerBytes + payloadBytes;
    if (bytes.byteLength < total) {
      this.#needed = total;
      return null;
    }
    const headerEnd = FRAME_PREFIX_BYTES + headerBytes;
    const frame = {
      header: parseHeader(bytes.subarray(FRAME_PREFIX_BYTES, headerEnd)),
      payload: bytes.subarray(headerEnd, total),
    };
    const rest = bytes.subarray(total);
    this.#chunks = rest.byteLength > 0 ? [rest] : [];
    this.#buffered = rest.byteLength;
    this.#needed = FRAME_PREFIX_BYTES;
    return frame;
  }

  #joined(): Uint8Array {
    const [first] = this.#chunks;
    if (first && this.#chunks.length === 1) return first;
    const joined = new Uint8Array(this.#buffered);
    let offset = 0;
    for (const chunk of this.#chunks) {
      joined.set(chunk, offset);
      offset += chunk.byteLength;
    }
    this.#chunks = [joined];
    return joined;
  }
}

function parseHeader(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FabricError("worker_protocol", "A frame's header is not valid JSON.", { cause });
  }
}

function checkSizes(headerBytes: number, payloadBytes: number): void {
  if (headerBytes > MAX_HEADER_BYTES)
    throw new FabricError(
      "worker_protocol",
      `A frame's header has ${headerBytes} bytes; at most ${MAX_HEADER_BYTES} are allowed.`,
    );
  if (payloadBytes > MAX_PAYLOAD_BYTES)
    throw new FabricError(
      "worker_protocol",
      `A frame's payload has ${payloadBytes} bytes; at most ${MAX_PAYLOAD_BYTES} are allowed.`,
    );
}
