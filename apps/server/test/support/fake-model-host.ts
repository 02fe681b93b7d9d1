import {
  asFloat32,
  decodeSafetensors,
  encodeSafetensors,
  float32Tensor,
} from "@arc-fabric/contract";
import type {
  DecodedFrames,
  DenoiseRequest,
  ModelHost,
  RgbFrames,
  StepResult,
  WorkerLease,
} from "@arc-fabric/core";
import { solveStep, startLatents } from "./fake-solver.ts";

export interface FakeHostControls {
  /** Awaited before each step: a test holds a take at a step by not resolving. Rejecting fails the step. */
  beforeStep: (step: number) => Promise<void>;
}

/** A model host without processes: it solves v = x towards a flat picture, and decodes latents to grey frames. */
export function createFakeModelHost(weightsDigest: string, controls: FakeHostControls): ModelHost {
  let busy = false;
  const waiting: (() => void)[] = [];
  const report = () =>
    ({
      worker_id: "wrk_fake",
      model: "fake-s",
      status: busy ? "busy" : "warm",
      pid: null,
      rss_bytes: 1_000_000,
      restarts: 0,
      error: null,
    }) as const;
  return {
    async acquire(_model, { signal }) {
      while (busy) await new Promise<void>((resolve) => waiting.push(resolve));
      signal.throwIfAborted();
      busy = true;
      return createLease(weightsDigest, controls, () => {
        busy = false;
        waiting.shift()?.();
      });
    },
    status: () => (busy ? "busy" : "warm"),
    reports: () => [report()],
    subscribe: () => () => {},
    close: async () => {},
  };
}

function createLease(
  weightsDigest: string,
  controls: FakeHostControls,
  release: () => void,
): WorkerLease {
  return {
    workerId: "wrk_fake",
    weightsDigest,
    environment: { runtime: "fake", version: "1" },
    async encode({ prompt }) {
      const words = prompt.split(/\s+/).filter((word) => word.startsWith("unknown"));
      const warnings =
        words.length > 0
          ? [{ code: "unknown_words" as const, message: `Not known: ${words.join(", ")}.`, words }]
          : [];
      return { conditioning: new Uint8Array(4), warnings };
    },
    denoise: (request, signal) => denoise(request, controls, signal),
    async *decode({ piece, width, height, state }): AsyncGenerator<DecodedFrames> {
      const tensor = decodeSafetensors(state).tensors["latents"]!;
      const latents = asFloat32(tensor);
      const plane = tensor.shape[2]! * tensor.shape[3]!;
      let firstFrame = 0;
      for (let frame = piece.frames[0]; frame < piece.frames[1]; frame++) {
        const isSingle = frame === 0 || (piece.first && frame === piece.frames[0]);
        const count = isSingle ? 1 : 4;
        const value = latents[frame * plane] ?? 0;
        yield { firstFrame, ...frames(value, count, width, height) };
        firstFrame += count;
      }
    },
    release,
  };
}

async function* denoise(
  request: DenoiseRequest,
  controls: FakeHostControls,
  signal: AbortSignal,
): AsyncGenerator<StepResult> {
  const { shape, schedule, segment, from, state } = request;
  let latents = state
    ? asFloat32(decodeSafetensors(state).tensors["latents"]!)
    : await startLatents(request);
  for (let step = from + 1; step <= segment.to; step++) {
    await aborting(controls.beforeStep(step), signal);
    latents = await solveStep(latents, step, request);
    const bytes = encodeSafetensors({
      tensors: { latents: float32Tensor(shape, latents) },
      metadata: { step: String(step) },
    });
    yield {
      step,
      sigma: schedule.sigmas[step]!,
      seconds: 0.01,
      modelSeconds: 0.009,
      cached: false,
      state: bytes,
      preview: frames(latents[0] ?? 0, 2, 32, 32),
    };
  }
}

/** Like a worker that is asked to stop within its step. */
async function aborting(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort);
  });
  await Promise.race([work, aborted]).finally(() => signal.removeEventListener("abort", abort));
}

function frames(value: number, count: number, width: number, height: number): RgbFrames {
  const grey = Math.min(255, Math.round(Math.abs(value) * 255));
  return { count, width, height, data: new Uint8Array(count * width * height * 3).fill(grey) };
}
