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
import { KeptStates } from "./kept-states.ts";
import type { LatentShape } from "./latent-update.ts";
import { loadModel, releaseModel } from "./load-model.ts";
import type { LoadedModel } from "./loaded-model.ts";
import { requirePart } from "./require-part.ts";
import { readClip } from "./state.ts";

/** The messages the engine works on; the rest is the transport's business. */
export type EngineRequest = Extract<
  ServerMessage,
  { type: "load" | "encode" | "denoise" | "decode" | "unload" }
>;
export type KeptMessage = Extract<ServerMessage, { type: "kept" }>;
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
  #kept = new KeptStates();

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
    this.#kept = new KeptStates();
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
    if (this.#active !== target) return;
    this.#cancelled = true;
    this.#kept.fail(new Cancelled());
  }

  /** A state of the kept trajectory of the running request; one for a request that has just ended is ignored. */
  supply({ target, step }: KeptMessage, parts: NamedParts): void {
    if (this.#active === target) this.#kept.deliver(step, parts["state"]);
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
    const { id, shape, start, schedule, segment, from } = request;
    const kept = this.#kept;
    const steps = denoise(
      this.#loaded(),
      {
        shape,
        start,
        schedule,
        segment,
        from,
        conditioning: requirePart(parts, "conditioning"),
        state: parts["state"] ?? null,
        blobs: parts,
        keptState: (step) => kept.take(step),
        previewIntervalMs: request.preview_interval_ms,
      },
      this.#deps.clock,
    );
    for await (const { step, sigma, seconds, modelSeconds, cached, state, preview } of steps) {
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
          cached,
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
    const { id, piece } = request;
    const model = this.#loaded();
    const clip = readClip(requirePart(parts, "state"), model.manifest);
    checkDecode(request, clip.shape, model.manifest);
    const groups = decodeGroups(model.decoder, clip.latents, clip.shape, model.manifest, piece);
    let firstFrame = 0;
    for await (const { count, data, ...size } of groups) {
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

/** @throws FabricError `invalid_request`, `unsupported_value` */
function checkDecode(
  { piece, width, height }: Extract<EngineRequest, { type: "decode" }>,
  stored: LatentShape,
  { id, defaults }: LoadedModel["manifest"],
): void {
  const [from, to] = piece.frames;
  if (from >= to || to > stored[1])
    throw new FabricError(
      "range_outside_clip",
      `Latent frames [${from}, ${to}) do not lie in a clip of ${stored[1]}.`,
    );
  if (width !== defaults.width || height !== defaults.height)
    throw new FabricError(
      "unsupported_value",
      `${id} decodes to ${defaults.width}x${defaults.height}, not ${width}x${height}.`,
    );
}
