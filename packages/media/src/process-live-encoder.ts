import { FabricError } from "@arc-fabric/contract";
import type { LiveEncoder, LiveOptions, LivePacket, RgbFrames } from "@arc-fabric/core";
import { checkFrames } from "./clip-options.ts";
import type { EncoderProcess } from "./encoder-process.ts";
import type { LiveEncoded } from "./protocol.ts";

/** A live stream encoded in the encoder process; the caller waits for its packets, which is all the back-pressure it needs. */
export class ProcessLiveEncoder implements LiveEncoder {
  readonly #deps: { encoderProcess: EncoderProcess; live: number; options: LiveOptions };

  constructor(deps: { encoderProcess: EncoderProcess; live: number; options: LiveOptions }) {
    this.#deps = deps;
  }

  async encode(
    frames: RgbFrames,
    options: { keyFrame?: boolean } = {},
  ): Promise<readonly LivePacket[]> {
    const { encoderProcess, live, options: size } = this.#deps;
    checkFrames(frames, size);
    const call = {
      method: "live.encode",
      live,
      count: frames.count,
      keyFrame: options.keyFrame ?? false,
    } as const;
    const { result, parts } = await encoderProcess.call(call, { frames: frames.data }).answer;
    const { keyFrames } = result as LiveEncoded;
    return keyFrames.map((keyFrame, index) => ({
      keyFrame,
      data: onlyPart(parts, `packet_${index}`),
    }));
  }

  async close(): Promise<void> {
    const { encoderProcess, live } = this.#deps;
    // A process that is gone has closed its streams with itself.
    await encoderProcess.call({ method: "live.close", live }).answer.catch(() => undefined);
  }
}

export function onlyPart(parts: Readonly<Record<string, Uint8Array>>, name: string): Uint8Array {
  const part = parts[name];
  if (!part) throw new FabricError("encoder_failed", `The encoder process sent no part ${name}.`);
  return part;
}
