import { encodeFrame, FrameDecoder, type NamedParts, toFabricError } from "@arc-fabric/contract";
import type { Duplex } from "node:stream";
import type { ChildReply, ChildRequest } from "../protocol.ts";

export interface Answer {
  readonly result: unknown;
  readonly payload?: NamedParts;
}

export type CallHandler = (request: ChildRequest, payload: Uint8Array) => Promise<Answer>;

/** Reads calls from the channel and answers each when its handler is done; calls overlap. */
export function serveCalls(channel: Duplex, handle: CallHandler): void {
  const decoder = new FrameDecoder();
  channel.on("data", (chunk: Uint8Array) => {
    for (const frame of decoder.push(chunk))
      void answer(frame.header as ChildRequest, frame.payload);
  });

  async function answer(request: ChildRequest, payload: Uint8Array): Promise<void> {
    try {
      const { result, payload: parts } = await handle(request, payload);
      send({ call: request.call, ok: true, result: result ?? null }, parts);
    } catch (error) {
      const { code, message, details } = toFabricError(error);
      send({ call: request.call, ok: false, error: { code, message, details } });
    }
  }

  function send(reply: ChildReply, payload: NamedParts = {}): void {
    if (!channel.writable) return;
    channel.cork();
    for (const buffer of encodeFrame({ ...reply }, payload)) channel.write(buffer);
    channel.uncork();
  }
}
