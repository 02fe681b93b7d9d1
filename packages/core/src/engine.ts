import {
  FabricError,
  newId,
  weightsDigest,
  type Comparison,
  type DeriveRequest,
  type Manifest,
  type Model,
  type Origin,
  type Planned,
  type Session,
  type SessionId,
  type State,
  type Storage,
  type Take,
  type TakeId,
  type TakeRequest,
  type UploadedFile,
} from "@arc-fabric/contract";
import { compareTakes, differencePicture } from "./compare-takes.ts";
import {
  type DeriveDeps,
  planDerivedTake,
  requireActive,
  requireTake,
  stateNotStored,
} from "./derive-take.ts";
import { draftState } from "./draft-state.ts";
import { withEstimate } from "./estimate.ts";
import { holdTakesWithoutModel, requireRunnable } from "./hold-takes.ts";
import { StorageKeeper } from "./keep-storage.ts";
import { LiveHub } from "./live-hub.ts";
import { addPicture, givenFrame, picturesOf } from "./pictures.ts";
import { planGenerate } from "./plan/plan-generate.ts";
import { inputsOf, type ModelBook } from "./plan/plan-parts.ts";
import { fillParameters } from "./plan/take-parameters.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import type { Media } from "./ports/media.ts";
import type { ModelHost } from "./ports/model-host.ts";
import type { IdempotencyRecord, Store, StreamLink, TakeChanges } from "./ports/store.ts";
import type { Logger, System } from "./ports/system.ts";
import { TakePump } from "./run/take-pump.ts";
import { StreamKeeper } from "./stream-keeper.ts";
import { StreamMoved } from "./stream-parts.ts";
import { sha256 } from "./sha256.ts";

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
  /** Above this the states of finished takes are thinned out; null = never. */
  readonly storageBudgetBytes: number | null;
  /** Every n-th step stays when states are thinned out. */
  readonly keepEvery: number;
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

interface DeriveOptions {
  readonly idempotency: IdempotencyRecord | null;
  /** What becomes of a stream with the take. */
  readonly stream?: StreamLink;
}

interface CreateOptions extends DeriveOptions {
  readonly sessionId: SessionId | null;
}

/** Sessions and takes: accepts requests, runs them, stops them. */
export class Engine {
  readonly live: LiveHub;
  readonly streams: StreamKeeper;
  readonly #deps: EngineDeps;
  readonly #pump: TakePump;
  readonly #keeper: StorageKeeper;
  readonly #models: ModelBook;
  readonly #weightsDigests: ReadonlyMap<string, string>;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    this.live = new LiveHub(deps);
    this.#weightsDigests = new Map(
      deps.models.map((manifest) => [manifest.id, weightsDigest(manifest, sha256)]),
    );
    this.#models = {
      manifest: (id) => this.#manifest(id),
      weightsDigest: (id) => this.#weightsDigests.get(id)!,
    };
    this.#keeper = new StorageKeeper(deps);
    this.streams = new StreamKeeper({
      ...deps,
      models: this.#models,
      engine: this,
      stopTake: (id) => this.#pump.stopTake(id),
    });
    const { previewIntervalMs, maxLosses } = deps.settings;
    this.#pump = new TakePump({
      ...deps,
      models: this.#models,
      live: this.live,
      previewIntervalMs,
      maxLosses,
      onEnd: () => {
        this.streams.wake();
        this.#keeper.afterTake();
      },
    });
  }

  /** Takes a dead server left running go to the front of the queue and continue from their last states. */
  async start(): Promise<void> {
    const { store, logger, system } = this.#deps;
    const interrupted = await store.requeueRunning("The server stopped.", system.now());
    if (interrupted.length > 0)
      logger.info(`${interrupted.length} interrupted takes go on from their last states.`);
    await holdTakesWithoutModel({ ...this.#deps, models: this.#models });
    await this.#keeper.start();
    this.streams.wake();
    this.#pump.wake();
  }

  models(): Model[] {
    return this.#deps.models.map((manifest) => this.#model(manifest));
  }

  /** @throws FabricError `model_not_found` */
  model(id: string): Model {
    return this.#model(this.#manifest(id));
  }

  /** @throws FabricError `model_not_found`, `unsupported_value`, `schedule_mismatch`, `latent_space_mismatch`, `file_not_found` */
  async plan(request: TakeRequest): Promise<Planned> {
    const { model = finisherOf(request) ?? this.#deps.settings.defaultModel } = request;
    const manifest = this.#manifest(model);
    const parameters = fillParameters(request, manifest, this.#drawSeed());
    const given = {
      first: await givenFrame(this.#deps, parameters, "first_frame"),
      last: await givenFrame(this.#deps, parameters, "last_frame"),
    };
    const plan = planGenerate(parameters, given, this.#models);
    return withEstimate(this.#deps.store, { parameters, plan, inheritedSteps: 0 });
  }

  /**
   * Queues a take; without a session it gets one of its own.
   * @throws FabricError what `plan` throws, `session_not_found`, `queue_full`, `idempotency_key_reused`
   */
  async createTake(
    request: TakeRequest,
    options: CreateOptions,
  ): Promise<{ take: Take; replayed: boolean }> {
    return this.#create(request, options, {
      planned: await this.plan(request),
      parentId: null,
      origin: { kind: "generate" },
    });
  }

  /** @throws FabricError what `planDerivedTake` throws */
  async planDerived(id: TakeId, request: DeriveRequest): Promise<Planned> {
    return this.#derive(await requireTake(this.#deps.store, id), request);
  }

  /**
   * Queues a take that is made from another one, in its session.
   * @throws FabricError what `planDerivedTake` throws, `queue_full`, `idempotency_key_reused`
   */
  async deriveTake(
    id: TakeId,
    request: DeriveRequest,
    options: DeriveOptions,
  ): Promise<{ take: Take; replayed: boolean }> {
    const parent = await requireTake(this.#deps.store, id);
    return this.#create(
      request,
      { ...options, sessionId: parent.session_id },
      { planned: await this.#derive(parent, request), parentId: parent.id, origin: request },
    );
  }

  /** At the end of the present step. @throws FabricError `take_not_found`, `take_not_active` */
  async pauseTake(id: TakeId): Promise<Take> {
    const take = await this.#deps.store.pauseTake(id, this.#deps.system.now());
    if (take.pause_requested) this.#pump.pauseTake(id);
    return take;
  }

  /** @throws FabricError `take_not_found`, `take_not_paused`; `model_not_found`, `latent_space_mismatch`: then it stays paused */
  async resumeTake(id: TakeId): Promise<Take> {
    requireRunnable(await requireTake(this.#deps.store, id), this.#models);
    const take = await this.#deps.store.resumeTake(id, this.#deps.system.now());
    this.#pump.keepTake(id);
    this.#pump.wake();
    return take;
  }

  /** The take is cancelled in the store at once; its worker stops within a step. @throws `take_not_found`, `take_not_active` */
  async cancelTake(id: TakeId): Promise<Take> {
    const take = await this.#deps.store.cancelTake(id, this.#deps.system.now());
    this.#pump.stopTake(id);
    return take;
  }

  /** @throws FabricError `take_not_found`; `take_not_active` where a finished take's priority is to change */
  async updateTake(id: TakeId, changes: TakeChanges): Promise<Take> {
    const { store, system } = this.#deps;
    if (changes.priority !== undefined) requireActive(await requireTake(store, id));
    const take = await store.updateTake(id, changes, system.now());
    if (!take) throw new FabricError("take_not_found", `There is no take ${id}.`);
    this.#pump.wake();
    return take;
  }

  /** @throws FabricError `take_not_found`, `take_active`, `take_in_use` */
  async deleteTake(id: TakeId): Promise<void> {
    const { store, system } = this.#deps;
    if (!(await store.deleteTake(id, system.now())))
      throw new FabricError("take_not_found", `There is no take ${id}.`);
    this.#keeper.sweep();
  }

  /** @throws FabricError `session_not_found`, `take_not_found` */
  async updateSession(
    id: SessionId,
    changes: { title?: string | undefined; head_take_id?: TakeId | null | undefined },
  ): Promise<Session> {
    const { title, head_take_id: headTakeId } = changes;
    const { store, system } = this.#deps;
    const session = await store.updateSession(id, { title, headTakeId }, system.now());
    if (!session) throw new FabricError("session_not_found", `There is no session ${id}.`);
    return session;
  }

  /** @throws FabricError `session_not_found`, `session_active` */
  async deleteSession(id: SessionId): Promise<void> {
    if (!(await this.#deps.store.deleteSession(id)))
      throw new FabricError("session_not_found", `There is no session ${id}.`);
    this.#keeper.sweep();
  }

  /** @throws FabricError `take_not_found`, `take_not_completed` */
  async compareTakes(a: TakeId, b: TakeId): Promise<Comparison> {
    return compareTakes(this.#deps, ...(await this.#both(a, b)));
  }

  /** A JPEG strip. @throws FabricError `take_not_found`, `take_not_completed`, `unsupported_value` */
  async differencePicture(a: TakeId, b: TakeId): Promise<Uint8Array> {
    return differencePicture(this.#deps, ...(await this.#both(a, b)));
  }

  /** @throws FabricError `take_not_found`, `state_not_found` */
  async labelState(id: TakeId, step: number, label: string | null): Promise<State> {
    const { store, system } = this.#deps;
    const take = await requireTake(store, id);
    const state = await store.labelState(id, step, label, system.now());
    if (!state) throw await stateNotStored(store, take, step);
    return state;
  }

  /** The clean frames expected at a step, as a JPEG strip. @throws FabricError `take_not_found`, `state_not_found` */
  async draftState(id: TakeId, step: number): Promise<Uint8Array> {
    return draftState(this.#deps, await requireTake(this.#deps.store, id), step);
  }

  /** Stores an uploaded picture. @throws FabricError `invalid_image` */
  addFile(bytes: Uint8Array, name: string): Promise<UploadedFile> {
    return addPicture(this.#deps, bytes, name);
  }

  async storage(): Promise<Storage> {
    const { sessions, ...usage } = await this.#deps.store.storageUsage();
    const { storageBudgetBytes: budget_bytes } = this.#deps.settings;
    return { ...usage, budget_bytes, sessions: [...sessions] };
  }

  /** @throws FabricError `session_not_found` */
  async thinStates(request: {
    session_id?: SessionId | undefined;
    keep_every: number;
    dry_run: boolean;
  }): Promise<{ states: number; bytes: number }> {
    const { store, system } = this.#deps;
    const { session_id: sessionId, keep_every: keepEvery, dry_run: dryRun } = request;
    if (sessionId && !(await store.getSession(sessionId)))
      throw new FabricError("session_not_found", `There is no session ${sessionId}.`);
    const policy = { sessionId: sessionId ?? null, keepEvery, dryRun, untilBytes: null };
    const thinned = await store.thinStates(policy, system.now());
    if (!dryRun) this.#keeper.sweep();
    return thinned;
  }

  /** The running take stops at its next step boundary and continues when a server starts again. */
  async stop(): Promise<void> {
    await this.#pump.stop();
    await this.streams.stop();
    await this.#keeper.idle();
  }

  async #create(
    request: { title?: string | undefined; priority?: number | undefined },
    { sessionId, idempotency, stream }: CreateOptions,
    made: { planned: Planned; parentId: TakeId | null; origin: Origin },
  ): Promise<{ take: Take; replayed: boolean }> {
    const { store, system, settings } = this.#deps;
    const { parameters, plan, estimate, steps_reused: step } = made.planned;
    const nowMs = system.now();
    const randomBytes = (count: number) => system.randomBytes(count);
    const inherit = made.parentId && step > 0 ? { takeId: made.parentId, step } : null;
    const read = inputsOf(plan);
    const take = {
      id: newId("take", nowMs, randomBytes),
      sessionId: sessionId ?? newId("ses", nowMs, randomBytes),
      newSessionTitle: sessionId ? null : parameters.prompt.slice(0, TITLE_CHARS),
      parentId: made.parentId,
      origin: made.origin,
      title: request.title ?? null,
      priority: request.priority ?? 0,
      estimate,
      inherit,
      states: read.states,
      inputs: [...read.inputs, ...picturesOf(parameters)],
      parameters,
      plan,
      nowMs,
      maxQueued: settings.maxQueued,
    };
    const created = stream
      ? await store.createStreamTake(take, idempotency, stream)
      : await store.createTake(take, idempotency);
    if (!created) throw new StreamMoved();
    this.#pump.wake();
    return created;
  }

  async #derive(parent: Take, request: DeriveRequest): Promise<Planned> {
    const deps: DeriveDeps = {
      ...this.#deps,
      models: this.#models,
      drawSeed: () => this.#drawSeed(),
    };
    return withEstimate(deps.store, await planDerivedTake(deps, parent, request));
  }

  async #both(a: TakeId, b: TakeId): Promise<[Take, Take]> {
    const { store } = this.#deps;
    return [await requireTake(store, a), await requireTake(store, b)];
  }

  /** 32 bits of chance. */
  #drawSeed(): number {
    const [a, b, c, d] = this.#deps.system.randomBytes(4);
    return ((a! << 24) | (b! << 16) | (c! << 8) | d!) >>> 0;
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

/** The model that the request's stages end with. */
function finisherOf({ stages }: TakeRequest): string | undefined {
  return Array.isArray(stages) ? stages.at(-1)?.model : undefined;
}
