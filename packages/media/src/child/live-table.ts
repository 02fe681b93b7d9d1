import { FabricError } from "@arc-fabric/contract";
import type { LiveEncoded, LivePlan } from "../protocol.ts";
import { LiveStream } from "./live-stream.ts";
import type { Answer } from "./serve-calls.ts";

/** An ultrafast encoder holds a few frames; more streams than this is a caller that does not close them. */
const MAX_STREAMS = 32;

interface OpenStream {
  readonly stream: LiveStream;
  /** The stream's calls one after the other. */
  tail: Promise<unknown>;
}

/** The live streams being encoded, by the number the parent gave them. */
export class LiveTable {
  readonly #streams = new Map<number, OpenStream>();

  async open(live: number, plan: LivePlan): Promise<void> {
    if (this.#streams.size >= MAX_STREAMS)
      throw new FabricError(
        "encoder_failed",
        `${MAX_STREAMS} live streams are open already; close one first.`,
      );
    this.#streams.set(live, { stream: await LiveStream.open(plan), tail: Promise.resolve() });
  }

  async encode(live: number, rgb: Uint8Array, count: number, keyFrame: boolean): Promise<Answer> {
    const entry = this.#streams.get(live);
    if (!entry) throw new FabricError("encoder_failed", "The live stream is closed.");
    const packets = entry.tail.then(async () => entry.stream.encode(rgb, count, keyFrame));
    entry.tail = packets.catch(() => undefined);
    const encoded = await packets;
    const result: LiveEncoded = { keyFrames: encoded.map((packet) => packet.keyFrame) };
    const parts = encoded.map(({ data }, index) => [`packet_${index}`, data] as const);
    return { result, payload: Object.fromEntries(parts) };
  }

  async close(live: number): Promise<void> {
    const entry = this.#streams.get(live);
    if (!entry) return;
    this.#streams.delete(live);
    await entry.tail;
    entry.stream.close();
  }
}
