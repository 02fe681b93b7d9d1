import {
  FabricError,
  newId,
  toFabricError,
  type Environment,
  type WorkerId,
  type WorkerStatus,
} from "@arc-fabric/contract";
import type { Logger, System, WorkerReport } from "@arc-fabric/core";
import type {
  HostedModel,
  RespawnPolicy,
  RuntimeCommand,
  WorkerTimeouts,
} from "./model-host-deps.ts";
import type { SlotView } from "./plan-admissions.ts";
import { RespawnBudget } from "./respawn-budget.ts";
import { startTimer } from "./start-timer.ts";
import { startWorker } from "./start-worker.ts";
import { timedOut } from "./worker-failures.ts";
import type { WorkerSession } from "./worker-session.ts";

export interface SlotDeps {
  readonly system: System;
  readonly logger: Logger;
  readonly hosted: HostedModel;
  readonly runtime: RuntimeCommand;
  readonly threads: number;
  readonly timeouts: WorkerTimeouts;
  readonly respawn: RespawnPolicy;
  readonly socketDirectory: () => Promise<string>;
  readonly onChange: (slot: WorkerSlot) => void;
  /** Lines of the worker's log. */
  readonly onLine: (line: string) => void;
  readonly onProgress: (fraction: number, stage: string) => void;
}

export interface LoadedWorker {
  readonly session: WorkerSession;
  readonly weightsDigest: string;
  readonly environment: Environment;
}

/** Codes that another start will not change. */
const FINAL_CODES = new Set([
  "weights_missing",
  "weights_corrupt",
  "manifest_invalid",
  "worker_protocol",
  "shutting_down",
]);

/** The place of one model's worker: starts it, loads its model, knows its status, starts it again when it was lost. */
export class WorkerSlot {
  readonly model: string;
  readonly #deps: SlotDeps;
  readonly #budget: RespawnBudget;
  readonly #closing = new AbortController();
  #status: WorkerStatus = "cold";
  #worker: LoadedWorker | null = null;
  #session: WorkerSession | null = null;
  #error: FabricError | null = null;
  #restarts = 0;
  #wasLost = false;
  #starting: Promise<void> | null = null;
  /** The end of the last worker that was stopped: who stops the slot again in the meantime waits for it too. */
  #ending: Promise<void> = Promise.resolve();
  #lastUsedMs = 0;
  /** Of the present or last process; null before the first start. */
  #workerId: WorkerId | null = null;

  constructor(deps: SlotDeps) {
    this.#deps = deps;
    this.model = deps.hosted.manifest.id;
    this.#budget = new RespawnBudget(deps.respawn);
  }

  get status(): WorkerStatus {
    return this.#status;
  }

  get view(): SlotView {
    return {
      status: this.#status,
      memoryBytes: this.#deps.hosted.manifest.memory_bytes,
      lastUsedMs: this.#lastUsedMs,
    };
  }

  /** null before the first start. */
  get report(): WorkerReport | null {
    if (this.#workerId === null) return null;
    return {
      worker_id: this.#workerId,
      model: this.model,
      status: this.#status,
      pid: this.#session?.pid ?? null,
      rss_bytes: this.#session?.rssBytes ?? null,
      restarts: this.#restarts,
      error: this.#error?.message ?? null,
    };
  }

  /**
   * From cold or error to warm, with as many attempts as the respawn policy allows.
   * @throws `worker_start_failed`, `weights_missing`, `weights_corrupt`, …; the status is `error` then
   */
  start(): Promise<void> {
    this.#starting = this.#start().finally(() => (this.#starting = null));
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { system } = this.#deps;
    const coolDownMs = this.#budget.coolDownMs(system.monotonic());
    if (coolDownMs > 0) throw this.#coolingDown(coolDownMs);
    for (;;) {
      const workerId = newId("wrk", system.now(), (count) => system.randomBytes(count));
      this.#workerId = workerId;
      if (this.#status !== "starting") this.#set("starting", null);
      try {
        await system.sleep(this.#budget.backoffMs(system.monotonic()), this.#closing.signal);
        await this.#startOnce(workerId);
        return this.#set("warm", null);
      } catch (thrown) {
        const error = this.#closing.signal.aborted ? stopping() : toFabricError(thrown);
        await this.#dispose(error);
        this.#wasLost = true;
        if (!this.#mayRetry(error)) {
          this.#set(this.#closing.signal.aborted ? "cold" : "error", error);
          throw error;
        }
        this.#deps.logger.warn("A worker did not start and is tried again.", {
          model: this.model,
          error: error.message,
        });
      }
    }
  }

  /** A warm worker becomes busy. */
  take(): LoadedWorker {
    if (this.#status !== "warm" || !this.#worker)
      throw new FabricError(
        "internal",
        `The worker of ${this.model} is ${this.#status}, not warm.`,
      );
    this.#set("busy", null);
    return this.#worker;
  }

  /** A busy worker becomes warm again, once its last request has ended and its model is sound. */
  async giveBack(worker: LoadedWorker): Promise<void> {
    await worker.session.settle();
    if (this.#worker !== worker) return;
    this.#lastUsedMs = this.#deps.system.monotonic();
    if (!worker.session.modelBroken) return this.#set("warm", null);
    this.#set("starting", null);
    try {
      this.#worker = await this.#load(worker.session);
      worker.session.modelBroken = false;
      this.#set("warm", null);
    } catch (error) {
      await this.#dispose(toFabricError(error));
      this.#set("error", toFabricError(error));
    }
  }

  /** Stops the worker; resolves when its process is gone. @param last nothing is started after it */
  async stop(last: boolean): Promise<void> {
    if (last) this.#closing.abort(stopping());
    if (this.#session) {
      this.#set("stopping", null);
      await this.#dispose(stopping());
    }
    await this.#ending;
    await this.#starting?.catch(() => {});
    if (this.#status === "cold" || this.#status === "error") return;
    this.#set("cold", null);
  }

  async #startOnce(workerId: WorkerId): Promise<void> {
    const { system, timeouts, hosted, runtime } = this.#deps;
    if (this.#wasLost) this.#restarts++;
    this.#wasLost = false;
    const session = await startWorker({
      system,
      timeouts,
      model: this.model,
      workerId,
      family: hosted.manifest.family,
      runtime,
      socketDirectory: await this.#deps.socketDirectory(),
      onLine: this.#deps.onLine,
      signal: this.#closing.signal,
    });
    this.#session = session;
    void session.gone.then((error) => this.#lost(session, error));
    this.#worker = await this.#load(session);
  }

  async #load(session: WorkerSession): Promise<LoadedWorker> {
    const { system, timeouts, hosted, threads, onProgress } = this.#deps;
    const stopTimer = startTimer(system, timeouts.loadMs, () =>
      session.kill(timedOut(this.model, "did not finish loading", timeouts.loadMs)),
    );
    try {
      const request = session.request(
        { type: "load", manifest: hosted.manifest, directory: hosted.directory, threads },
        {},
        this.#closing.signal,
      );
      for await (const { message } of request) {
        if (message.type === "load.progress") onProgress(message.fraction, message.stage);
        if (message.type === "load.completed") {
          session.rssBytes = message.memory_bytes;
          return {
            session,
            weightsDigest: message.weights_digest,
            environment: message.environment,
          };
        }
      }
    } finally {
      stopTimer();
    }
    throw new FabricError(
      "worker_protocol",
      `The worker of ${this.model} ended loading without saying so.`,
    );
  }

  #lost(session: WorkerSession, error: FabricError | null): void {
    if (this.#session !== session) return;
    this.#session = null;
    this.#worker = null;
    this.#wasLost = error !== null;
    // While it starts, the attempt itself deals with its failure.
    if (error === null || this.#status === "starting" || this.#status === "stopping") return;
    this.#deps.logger.warn("A worker was lost.", { model: this.model, error: error.message });
    const mayStartAgain = this.#budget.recordLoss(this.#deps.system.monotonic());
    this.#set(mayStartAgain ? "cold" : "error", error);
  }

  async #dispose(reason: FabricError): Promise<void> {
    const session = this.#session;
    this.#session = null;
    this.#worker = null;
    if (session) this.#ending = session.stop(reason);
    await this.#ending;
  }

  #mayRetry(error: FabricError): boolean {
    if (
      this.#closing.signal.aborted ||
      FINAL_CODES.has(error.code) ||
      error.details["severity"] === "request"
    )
      return false;
    return this.#budget.recordLoss(this.#deps.system.monotonic());
  }

  #coolingDown(restMs: number): FabricError {
    return new FabricError(
      "worker_start_failed",
      `The worker of ${this.model} failed too often and rests for another ${Math.ceil(restMs / 1000)} s. ${this.#error?.message ?? ""}`,
      {
        details: { model: this.model, retry_after_s: Math.ceil(restMs / 1000) },
        cause: this.#error,
      },
    );
  }

  #set(status: WorkerStatus, error: FabricError | null): void {
    this.#status = status;
    this.#error = error;
    this.#deps.onChange(this);
  }
}

function stopping(): FabricError {
  return new FabricError("shutting_down", "The worker was stopped.");
}
