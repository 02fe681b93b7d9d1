import { FabricError, invariant } from "@arc-fabric/contract";
import { findEncoder, SOFTWARE_ENCODER } from "../encoders.ts";
import type { LivePlan } from "../protocol.ts";
import { frameAt } from "./pictures.ts";
import { VideoEncoder } from "./video-encoder.ts";

/**
 * No look-ahead, no B-frames: a packet leaves with its frame. Key frames come at the regular distance or when asked
 * for, never at a scene cut, so that whoever forwards packets knows where they are.
 */
const LIVE_OPTIONS = {
  preset: "ultrafast",
  tune: "zerolatency",
  crf: "20",
  sc_threshold: "0",
  "forced-idr": "1",
};

export interface StreamPacket {
  readonly keyFrame: boolean;
  readonly data: Uint8Array;
}

/** One live H.264 stream: every frame in gives one packet out. */
export class LiveStream {
  readonly #plan: LivePlan;
  readonly #encoder: VideoEncoder;
  readonly #packets: StreamPacket[];

  private constructor(plan: LivePlan, encoder: VideoEncoder, packets: StreamPacket[]) {
    this.#plan = plan;
    this.#encoder = encoder;
    this.#packets = packets;
  }

  static async open(plan: LivePlan): Promise<LiveStream> {
    const entry = findEncoder(SOFTWARE_ENCODER);
    invariant(entry, "the software encoder is in the table");
    const packets: StreamPacket[] = [];
    const settings = { ...plan, options: LIVE_OPTIONS, inlineHeaders: true };
    const encoder = await VideoEncoder.open(entry, settings, async ({ data, isKeyframe }) => {
      if (data) packets.push({ keyFrame: isKeyframe, data: Uint8Array.from(data) });
    });
    return new LiveStream(plan, encoder, packets);
  }

  async encode(rgb: Uint8Array, count: number, keyFrame: boolean): Promise<StreamPacket[]> {
    for (let index = 0; index < count; index += 1)
      await this.#encoder.encode(frameAt(rgb, this.#plan, index), keyFrame && index === 0);
    const packets = this.#packets.splice(0);
    if (packets.length !== count)
      throw new FabricError(
        "encoder_failed",
        `The live encoder gave ${packets.length} packets for ${count} frames.`,
      );
    return packets;
  }

  close(): void {
    this.#encoder.close();
  }
}
