import { FabricError } from "@arc-fabric/contract";
import type { DecodedFrames, RgbFrames, StepResult, WorkerLease } from "@arc-fabric/core";
import { denoiseParts } from "./denoise-parts.ts";
import { KeptFeeder } from "./kept-feeder.ts";
import type { Delivery } from "./worker-connection.ts";
import type { LoadedWorker } from "./worker-slot.ts";

/** The port's lease over a loaded worker. @param onRelease called once */
export function createLease(worker: LoadedWorker, onRelease: () => void): WorkerLease {
  const { session, weightsDigest, environment } = worker;
  let released = false;
  const request: typeof session.request = (body, parts, signal, onSent) => {
    if (released) throw new FabricError("internal", "This worker was already given back.");
    return session.request(body, parts, signal, onSent);
  };
  return {
    workerId: session.workerId,
    weightsDigest,
    environment,
    async encode({ prompt, negativePrompt }, signal) {
      for await (const delivery of request(
        { type: "encode", prompt, negative_prompt: negativePrompt },
        {},
        signal,
      )) {
        if (delivery.message.type === "encode.completed")
          return {
            conditioning: part(delivery, "conditioning"),
            warnings: delivery.message.warnings,
          };
      }
      throw new FabricError("worker_protocol", "The worker ended encoding without a result.");
    },
    async *denoise(denoise, signal) {
      const { shape, start, schedule, segment, from, previewIntervalMs } = denoise;
      const parts = await denoiseParts(denoise);
      const failed = new AbortController();
      const feeder = new KeptFeeder(denoise, (error) => failed.abort(error));
      const answers = request(
        {
          type: "denoise",
          shape,
          start,
          schedule,
          segment,
          from,
          preview_interval_ms: previewIntervalMs,
        },
        parts,
        AbortSignal.any([signal, failed.signal]),
        (supply) => feeder.open(supply, from),
      );
      for await (const delivery of answers) {
        if (delivery.message.type !== "denoise.step") continue;
        feeder.advance(delivery.message.step);
        yield stepResult(delivery);
      }
    },
    async *decode({ piece, width, height, state }, signal) {
      const answers = request({ type: "decode", piece, width, height }, { state }, signal);
      for await (const delivery of answers) {
        if (delivery.message.type === "decode.frames") yield decodedFrames(delivery);
      }
    },
    release() {
      if (released) return;
      released = true;
      onRelease();
    },
  };
}

function stepResult(delivery: Delivery): StepResult {
  const { message } = delivery;
  if (message.type !== "denoise.step") throw new FabricError("internal", "not a step");
  const { step, sigma, seconds, model_seconds: modelSeconds, cached, preview } = message;
  return {
    step,
    sigma,
    seconds,
    modelSeconds,
    cached,
    state: part(delivery, "state"),
    preview: preview && pixels(delivery, "preview", preview),
  };
}

function decodedFrames(delivery: Delivery): DecodedFrames {
  const { message } = delivery;
  if (message.type !== "decode.frames") throw new FabricError("internal", "not frames");
  return { ...pixels(delivery, "frames", message), firstFrame: message.first_frame };
}

function pixels(
  delivery: Delivery,
  name: string,
  size: { count: number; width: number; height: number },
): RgbFrames {
  const { count, width, height } = size;
  const data = part(delivery, name);
  const expected = count * width * height * 3;
  if (data.byteLength !== expected)
    throw new FabricError(
      "worker_protocol",
      `${count} frames of ${width}x${height} have ${expected} bytes, but the worker sent ${data.byteLength}.`,
    );
  return { count, width, height, data };
}

function part({ message, parts }: Delivery, name: string): Uint8Array {
  const bytes = parts[name];
  if (!bytes)
    throw new FabricError(
      "worker_protocol",
      `The worker's message "${message.type}" carries no part "${name}".`,
    );
  return bytes;
}
