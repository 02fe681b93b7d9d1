import {
  FabricError,
  newId,
  type Manifest,
  type Model,
  type Plan,
  type SessionId,
  type Take,
  type TakeId,
  type TakeParameters,
  type TakeRequest,
  weightsDigest,
} from "@arc-fabric/contract";
import { LiveHub } from "./live-hub.ts";
import { planTake } from "./plan-take.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import type { Media } from "./ports/media.ts";
import type { ModelHost } from "./ports/model-host.ts";
import type { IdempotencyRecord, Store } from "./ports/store.ts";
import type { Logger, System } from "./ports/system.ts";
import { sha256 } from "./sha256.ts";
import { TakePump } from "./take-pump.ts";
import { fillParameters } from "./take-parameters.ts";

/** Blobs younger than this may belong to a row that is about to be written. */
const GARBAGE_AGE_MS = 10 * 60_000;
/** A session's title when it is made by its first take. */
const TITLE_CHARS = 80;

export interface EngineSettings {
  /** Takes that may wait; one more is refused. */
  readonly maxQueued: number;
  /** Least time between two live previews of one take. */
  readonly previewIntervalMs: number;
  readonly defaultModel: string;
  /** Losses of a worker without a single step of progress in between after which a take fails. */
  readonly maxLosses: number;
}

export interface EngineDeps {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly host: ModelHost;
  readonly media: Media;
  readonly system: System;
  readonly logger: Logger;
  readonly models: readonly Manifest[];
  readonly settings: EngineSettings;
}

/** Sessions and takes: accepts requests, runs them, stops them. */
export class Engine {
  readonly live: LiveHub;
  readonly #deps: EngineDeps;
  readonly #pump: TakePump;
  readonly #weightsDigests: ReadonlyMap<string, string>;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    this.live = new LiveHub(deps);
    this.#weightsDigests = new Map(
      deps.models.map((manifest) => [manifest.id, weightsDigest(manifest, sha256)]),
    );
    const { previewIntervalMs, maxLosses } = deps.settings;
    this.#pump = new TakePump({ ...deps, live: this.live, previewIntervalMs, maxLosses });
  }

  /** Takes a dead server left running go to the front of the queue and continue from their last states. */
  async start(): Promise<void> {
    const { store, blobs, logger, system } = this.#deps;
    const interrupted = await store.requeueRunning("The server stopped.", system.now());
    if (interrupted.length > 0)
      logger.info(`${interrupted.length} interrupted takes go on from their last states.`);
    await blobs.collectGarbage(await store.referencedBlobs(), 0);
    this.#pump.wake();
  }

  models(): Model[] {
    return this.#deps.models.map((manifest) => this.#model(manifest));
  }

  /** @throws FabricError `model_not_found` */
  model(id: string): Model {
    return this.#model(this.#manifest(id));
  }

  /** @throws FabricError `model_not_found`, `unsupported_value` */
  plan(request: TakeRequest): { parameters: TakeParameters; plan: Plan } {
    const manifest = this.#manifest(request.model ?? this.#deps.settings.defaultModel);
    const [a, b, c, d] = this.#deps.system.randomBytes(4);
    const randomSeed = (a! << 24) | (b! << 16) | (c! << 8) | d!;
    const parameters = fillParameters(request, manifest, randomSeed >>> 0);
    return {
      parameters,
      plan: planTake(parameters, manifest, this.#weightsDigests.get(manifest.id)!),
    };
  }

  /**
   * Queues a take; without a session it gets one of its own.
   * @throws FabricError `model_not_found`, `unsupported_value`, `session_not_found`, `queue_full`, `idempotency_key_reused`
   */
  async createTake(
    request: TakeRequest,
    options: { sessionId: SessionId | null; idempotency: IdempotencyRecord | null },
  ): Promise<{ take: Take; replayed: boolean }> {
    const { store, system, settings } = this.#deps;
    const { parameters, plan } = this.plan(request);
    const nowMs = system.now();
    const randomBytes = (count: number) => system.randomBytes(count);
    const created = await store.createTake(
      {
        id: newId("take", nowMs, randomBytes),
        sessionId: options.sessionId ?? newId("ses", nowMs, randomBytes),
        newSessionTitle: options.sessionId ? null : parameters.prompt.slice(0, TITLE_CHARS),
        parameters,
        plan,
        nowMs,
        maxQueued: settings.maxQueued,
      },
      options.idempotency,
    );
    this.#pump.wake();
    return created;
  }

  /** The take is cancelled in the store at once; its worker stops within a step. @throws `take_not_found`, `take_not_active` */
  async cancelTake(id: TakeId): Promise<Take> {
    const take = await this.#deps.store.cancelTake(id, this.#deps.system.now());
    this.#pump.stopTake(id);
    return take;
  }

  /** @throws FabricError `take_not_found`, `take_active` */
  async deleteTake(id: TakeId): Promise<void> {
    const { store, system } = this.#deps;
    if (!(await store.deleteTake(id, system.now())))
      throw new FabricError("take_not_found", `There is no take ${id}.`);
    this.#collectGarbage();
  }

  /** @throws FabricError `session_not_found`, `session_active` */
  async deleteSession(id: SessionId): Promise<void> {
    if (!(await this.#deps.store.deleteSession(id)))
      throw new FabricError("session_not_found", `There is no session ${id}.`);
    this.#collectGarbage();
  }

  /** The running take stops at its next step boundary and continues when a server starts again. */
  async stop(): Promise<void> {
    await this.#pump.stop();
  }

  #collectGarbage(): void {
    const { store, blobs, logger } = this.#deps;
    store
      .referencedBlobs()
      .then((referenced) => blobs.collectGarbage(referenced, GARBAGE_AGE_MS))
      .catch((error: unknown) =>
        logger.warn("Unreferenced blobs could not be removed.", { error: String(error) }),
      );
  }

  #manifest(id: string): Manifest {
    const { models } = this.#deps;
    const manifest = models.find((candidate) => candidate.id === id);
    if (manifest) return manifest;
    const known = models.map((candidate) => candidate.id);
    throw new FabricError(
      "model_not_found",
      `There is no model "${id}"; this server has ${known.join(", ") || "none"}.`,
      {
        details: { field: "model", value: id, allowed: known },
      },
    );
  }

  #model(manifest: Manifest): Model {
    const { files: _files, ...shown } = manifest;
    return {
      ...shown,
      status: this.#deps.host.status(manifest.id),
      weights_digest: this.#weightsDigests.get(manifest.id)!,
      is_default: manifest.id === this.#deps.settings.defaultModel,
    };
  }
}
