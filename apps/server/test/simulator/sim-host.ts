import {
  decodeSafetensors,
  encodeSafetensors,
  type ErrorCode,
  FabricError,
  type LatentShape,
  type Manifest,
  weightsDigest,
  type WorkerStatus,
} from "@arc-fabric/contract";
import type {
  DecodedFrames,
  DecodeRequest,
  DenoiseRequest,
  ModelHost,
  StepResult,
  WorkerLease,
} from "@arc-fabric/core";
import { createHash } from "node:crypto";
import type { SeededRandom } from "./seeded-random.ts";
import type { Conditions } from "./sim-models.ts";
import { computeStep, latentsOf, pixelsOf } from "./sim-step.ts";
import type { Turns } from "./turns.ts";

export interface SimHostDeps {
  readonly turns: Turns;
  readonly random: SeededRandom;
  readonly conditions: Conditions;
  /** Chance of each worker call to go wrong. */
  faultRate(): number;
  onFault(code: ErrorCode): void;
  /** A step's result is about to be handed over; not told of drafts. */
  onStep(): void;
}

/** How a worker goes wrong: it dies, hangs until it is given up, or reports a failure. */
const FAULTS = [
  "worker_lost",
  "worker_lost",
  "worker_lost",
  "worker_timeout",
  "worker_timeout",
  "generation_failed",
] as const satisfies readonly ErrorCode[];

/** Workers without processes, one per model, that compute digests and go wrong by chance. */
export class SimHost implements ModelHost {
  readonly #deps: SimHostDeps;
  readonly #status = new Map<string, WorkerStatus>();
  readonly #released: (() => void)[] = [];
  #workers = 0;

  constructor(deps: SimHostDeps) {
    this.#deps = deps;
  }

  async acquire(model: string, { signal }: { signal: AbortSignal }): Promise<WorkerLease> {
    await this.#deps.turns.wait("host.acquire", signal);
    while (this.status(model) === "busy") {
      const freed = new Promise<void>((resolve) => this.#released.push(resolve));
      await Promise.race([freed, rejectedBy(signal)]);
    }
    signal.throwIfAborted();
    const manifest = this.#deps.conditions.models.find(({ id }) => id === model)!;
    this.#status.set(model, "busy");
    return this.#lease(manifest);
  }

  status(model: string): WorkerStatus {
    return this.#status.get(model) ?? "cold";
  }

  reports(): [] {
    return [];
  }

  subscribe(): () => void {
    return () => {};
  }

  async close(): Promise<void> {}

  #lease(manifest: Manifest): WorkerLease {
    const { conditions } = this.#deps;
    const worker = new SimWorker(this.#deps, manifest);
    this.#workers += 1;
    return {
      workerId: `worker ${this.#workers}`,
      weightsDigest: worker.weights,
      environment: conditions.environment,
      encode: (prompts, signal) => worker.encode(prompts, signal),
      denoise: (request, signal) => worker.denoise(request, signal),
      decode: (request, signal) => worker.decode(request, signal),
      release: () => {
        this.#status.set(manifest.id, worker.isDead ? "cold" : "warm");
        for (const wake of this.#released.splice(0)) wake();
      },
    };
  }
}

class SimWorker {
  readonly weights: string;
  readonly #deps: SimHostDeps;
  isDead = false;

  constructor(deps: SimHostDeps, manifest: Manifest) {
    this.#deps = deps;
    this.weights = weightsDigest(manifest, (text) =>
      createHash("sha256").update(text).digest("hex"),
    );
  }

  async encode(prompts: { prompt: string; negativePrompt: string }, signal: AbortSignal) {
    await this.#work("worker.encode", signal);
    const conditioning = encodeSafetensors({
      tensors: {},
      metadata: { ...prompts, weights: this.weights },
    });
    const words = prompts.prompt.split(" ").filter((word) => word.startsWith("un"));
    const warnings = words.map((word) => ({
      code: "unknown_words" as const,
      message: `Not known: ${word}.`,
      words: [word],
    }));
    return { conditioning, warnings };
  }

  async *denoise(request: DenoiseRequest, signal: AbortSignal): AsyncGenerator<StepResult> {
    const { segment, schedule, previewIntervalMs } = request;
    const { weights, ...prompts } = decodeSafetensors(request.conditioning).metadata;
    if (weights !== this.weights)
      throw new FabricError("invalid_request", "The conditioning is of other weights.");
    let before = request.state;
    for (let step = request.from; step < segment.to; step++) {
      before = await computeStep({
        ...request,
        step,
        before,
        prompts: prompts as { prompt: string; negativePrompt: string },
        weights: this.weights,
        environment: this.#deps.conditions.environment,
      });
      await this.#work("worker.step", signal);
      const isDraft = previewIntervalMs === 0;
      if (!isDraft) this.#deps.onStep();
      const shows = isDraft || this.#deps.random.chance(0.3);
      yield {
        step: step + 1,
        sigma: schedule.sigmas[step + 1]!,
        seconds: 1,
        modelSeconds: 0.9,
        cached: false,
        state: before,
        preview: shows
          ? {
              count: 1,
              width: 8,
              height: 8,
              data: pixelsOf(latentsOf(before), request.shape, 0, 1),
            }
          : null,
      };
    }
  }

  async *decode(request: DecodeRequest, signal: AbortSignal): AsyncGenerator<DecodedFrames> {
    for (const frames of decodedGroups(request)) {
      await this.#work("worker.decode", signal);
      yield frames;
    }
  }

  async #work(name: string, signal: AbortSignal): Promise<void> {
    const { turns, random, faultRate, onFault } = this.#deps;
    if (this.isDead) throw new FabricError("worker_lost", "The worker is gone.");
    await turns.wait(name, signal);
    if (!random.chance(faultRate())) return;
    const code = random.pick(FAULTS);
    this.isDead = code !== "generation_failed";
    onFault(code);
    throw new FabricError(code, `Simulated ${code} in ${name}.`);
  }
}

/** The frames of a piece, one group per latent frame. */
export function* decodedGroups({
  piece,
  state,
}: Pick<DecodeRequest, "piece" | "state">): Generator<DecodedFrames> {
  const { shape } = decodeSafetensors(state).tensors["latents"]!;
  const latents = latentsOf(state);
  let firstFrame = 0;
  for (let t = piece.frames[0]; t < piece.frames[1]; t++) {
    const count = piece.first && t === piece.frames[0] ? 1 : 4;
    const data = pixelsOf(latents, shape as LatentShape, t, count);
    yield { firstFrame, count, width: 8, height: 8, data };
    firstFrame += count;
  }
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
