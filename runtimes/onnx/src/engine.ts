import {
  FabricError,
  toFabricError,
  type FailureSeverity,
  type NamedParts,
  type ServerMessage,
  type WorkerMessage,
} from "@arc-fabric/contract";
import type { Clock } from "./clock.ts";
import { encodePrompts } from "./conditioning.ts";
import { decodeGroups } from "./decode-groups.ts";
import { denoise } from "./denoise.ts";
import { loadModel, releaseModel } from "./load-model.ts";
import type { LoadedModel } from "./loaded-model.ts";
import { decodeLatents } from "./state.ts";

/** The messages the engine works on; the rest is the transport's business. */
export type EngineRequest = Extract<
  ServerMessage,
  { type: "load" | "encode" | "denoise" | "decode" | "unload" }
>;
export type EngineAnswer = Extract<WorkerMessage, { id: number | null }>;

export interface EngineDeps {
  readonly clock: Clock;
  /** Sends an answer; resolves when the next one may be produced (backpressure). */
  send(message: EngineAnswer, parts?: NamedParts): Promise<void>;
  /** Resident memory of the process. */
  rssBytes(): number;
  /** Lets waiting messages in (cancel among them) before the next step. */
  nextTurn(): Promise<void>;
}

/** Thrown where a cancelled request stops; never leaves this file. */
class Cancelled extends Error {}

/** Holds one model and answers one request at a time. */
export class Engine {
  readonly #deps: EngineDeps;
  #model: LoadedModel | null = null;
  #active: number | null = null;
  #cancelled = false;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
  }

  /** Answers a request to its end; failures are answers too, so it never rejects on its own account. */
  async handle(request: EngineRequest, parts: NamedParts): Promise<void> {
    const { id } = request;
    if (this.#active !== null) {
      await this.#fail(
        id,
        "request",
        new FabricError(
          "worker_protocol",
          `Request ${id} came while request ${this.#active} was running.`,
        ),
      );
      return;
    }
    this.#active = id;
    this.#cancelled = false;
    try {
      await this.#answer(request, parts);
    } catch (error) {
      if (error instanceof Cancelled) await this.#deps.send({ type: "cancelled", id, parts: [] });
      else await this.#fail(id, severityOf(request, error), toFabricError(error));
    } finally {
      this.#active = null;
    }
  }

  /** The request ends with `cancelled` at its next step; unknown ids have just ended and are ignored. */
  cancel(target: number): void {
    if (this.#active === target) this.#cancelled = true;
  }

  async #answer(request: EngineRequest, parts: NamedParts): Promise<void> {
    switch (request.type) {
      case "load":
        return this.#load(request);
      case "encode":
        return this.#encode(request);
      case "denoise":
        return this.#denoise(request, parts);
      case "decode":
        return this.#decode(request, parts);
      case "unload":
        await this.#release();
        return this.#deps.send({ type: "unload.completed", id: request.id, parts: [] });
    }
  }

  async #load(request: Extract<EngineRequest, { type: "load" }>): Promise<void> {
    const { id, manifest, directory, threads } = request;
    await this.#release();
    const model = await loadModel({
      manifest,
      directory,
      threads,
      onProgress: (fraction, stage) =>
        void this.#deps.send({ type: "load.progress", id, fraction, stage, parts: [] }),
    });
    this.#model = model;
    const { weightsDigest, environment } = model;
    await this.#deps.send({
      type: "load.completed",
      id,
      weights_digest: weightsDigest,
      memory_bytes: this.#deps.rssBytes(),
      environment,
      parts: [],
    });
  }

  async #encode(request: Extract<EngineRequest, { type: "encode" }>): Promise<void> {
    const { id, prompt, negative_prompt: negativePrompt } = request;
    const { conditioning, warnings } = await encodePrompts(this.#loaded(), {
      prompt,
      negativePrompt,
    });
    await this.#continue();
    await this.#deps.send({ type: "encode.completed", id, warnings, parts: [] }, { conditioning });
  }

  async #denoise(
    request: Extract<EngineRequest, { type: "denoise" }>,
    parts: NamedParts,
  ): Promise<void> {
    const { id, segment, preview_interval_ms: previewIntervalMs } = request;
    const conditioning = requirePart(parts, "conditioning");
    const steps = denoise(
      this.#loaded(),
      { segment, conditioning, state: parts["state"] ?? null, previewIntervalMs },
      this.#deps.clock,
    );
    for await (const { step, sigma, seconds, modelSeconds, state, preview } of steps) {
      await this.#continue();
      const size = preview && {
        count: preview.count,
        width: preview.width,
        height: preview.height,
      };
      await this.#deps.send(
        {
          type: "denoise.step",
          id,
          step,
          sigma,
          seconds,
          model_seconds: modelSeconds,
          preview: size,
          parts: [],
        },
        preview ? { state, preview: preview.data } : { state },
      );
      await this.#continue();
    }
    await this.#deps.send({ type: "denoise.completed", id, step: segment.to, parts: [] });
  }

  async #decode(
    request: Extract<EngineRequest, { type: "decode" }>,
    parts: NamedParts,
  ): Promise<void> {
    const { id, segment } = request;
    const model = this.#loaded();
    const { channels, height, width, frames_per_group: perGroup } = model.manifest.latents;
    const { latents, shape } = decodeLatents(requirePart(parts, "state"), channels, height, width);
    const numFrames = 1 + (shape[1] - 1) * perGroup;
    const { defaults } = model.manifest;
    if (
      segment.num_frames !== numFrames ||
      segment.width !== defaults.width ||
      segment.height !== defaults.height
    )
      throw new FabricError(
        "unsupported_value",
        `This state decodes to ${numFrames} frames of ${defaults.width}x${defaults.height}, not ${segment.num_frames} of ${segment.width}x${segment.height}.`,
      );
    let firstFrame = 0;
    for await (const { count, data, ...size } of decodeGroups(
      model.decoder,
      latents,
      shape,
      model.manifest,
    )) {
      await this.#continue();
      await this.#deps.send(
        { type: "decode.frames", id, first_frame: firstFrame, count, ...size, parts: [] },
        { frames: data },
      );
      firstFrame += count;
      await this.#continue();
    }
    await this.#deps.send({ type: "decode.completed", id, num_frames: firstFrame, parts: [] });
  }

  #loaded(): LoadedModel {
    if (this.#model === null)
      throw new FabricError("invalid_request", "No model is loaded. Send load first.");
    return this.#model;
  }

  async #release(): Promise<void> {
    const model = this.#model;
    this.#model = null;
    if (model !== null) await releaseModel(model);
  }

  async #continue(): Promise<void> {
    await this.#deps.nextTurn();
    if (this.#cancelled) throw new Cancelled();
  }

  async #fail(id: number, severity: FailureSeverity, error: FabricError): Promise<void> {
    await this.#deps.send({
      type: "failed",
      id,
      severity,
      code: error.code,
      message: error.message,
      parts: [],
    });
  }
}

/** A refused request leaves the model as it was; a network that failed inside its own code is not trusted again. */
function severityOf(request: EngineRequest, error: unknown): FailureSeverity {
  if (request.type === "load" || request.type === "unload") return "model";
  const { code } = toFabricError(error);
  return code === "generation_failed" || code === "internal" ? "model" : "request";
}

function requirePart(parts: NamedParts, name: string): Uint8Array {
  const part = parts[name];
  if (!part) throw new FabricError("worker_protocol", `The message carries no part "${name}".`);
  return part;
}
