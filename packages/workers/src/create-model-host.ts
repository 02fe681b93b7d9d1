import { FabricError, toFabricError, type WorkerStatus } from "@arc-fabric/contract";
import type { ModelHost, WorkerLease, WorkerReport } from "@arc-fabric/core";
import {
  DEFAULT_RESPAWN,
  DEFAULT_TIMEOUTS,
  type HostedModel,
  type ModelHostDeps,
} from "./model-host-deps.ts";
import { planAdmissions } from "./plan-admissions.ts";
import { openSocketDirectory, type SocketDirectory } from "./socket-directory.ts";
import { createLease } from "./worker-lease.ts";
import { WorkerSlot } from "./worker-slot.ts";

type AcquireOptions = Parameters<ModelHost["acquire"]>[1];

interface Waiter {
  readonly model: string;
  readonly options: AcquireOptions;
  resolve(lease: WorkerLease): void;
  reject(error: unknown): void;
}

/** The node's workers as child processes. Nothing is started before the first `acquire`. */
export function createModelHost(deps: ModelHostDeps): ModelHost {
  return new ProcessModelHost(deps);
}

class ProcessModelHost implements ModelHost {
  readonly #deps: ModelHostDeps;
  readonly #slots = new Map<string, WorkerSlot>();
  readonly #listeners = new Set<(report: WorkerReport) => void>();
  /** Who waits for a worker, oldest first. */
  #waiters: Waiter[] = [];
  /** Who holds each model's worker: its log lines go there. */
  readonly #holders = new Map<string, AcquireOptions>();
  /** Models whose start has not been answered yet; their waiters are rejected with it when it fails. */
  readonly #starting = new Set<string>();
  #directory: Promise<SocketDirectory> | null = null;
  #closed = false;

  constructor(deps: ModelHostDeps) {
    this.#deps = deps;
    for (const [model, hosted] of deps.models)
      this.#slots.set(model, this.#createSlot(model, hosted));
  }

  async acquire(model: string, options: AcquireOptions): Promise<WorkerLease> {
    options.signal.throwIfAborted();
    this.#checkAcquire(model);
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(options.signal.reason);
        this.#schedule();
      };
      const settled = () => options.signal.removeEventListener("abort", abort);
      const waiter: Waiter = {
        model,
        options,
        resolve: (lease) => (settled(), resolve(lease)),
        reject: (error) => (settled(), reject(error)),
      };
      options.signal.addEventListener("abort", abort, { once: true });
      this.#waiters.push(waiter);
      this.#schedule();
    });
  }

  status(model: string): WorkerStatus {
    return this.#slots.get(model)?.status ?? "cold";
  }

  reports(): readonly WorkerReport[] {
    return [...this.#slots.values()].map((slot) => slot.report).filter((report) => report !== null);
  }

  subscribe(listener: (report: WorkerReport) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters)
      waiter.reject(new FabricError("shutting_down", "The server is stopping."));
    await Promise.all([...this.#slots.values()].map((slot) => slot.stop(true)));
    await (await this.#directory)?.remove();
  }

  #createSlot(model: string, hosted: HostedModel): WorkerSlot {
    const deps = this.#deps;
    const { runtime } = hosted.manifest;
    const command = deps.runtimes[runtime];
    if (!command)
      throw new FabricError(
        "manifest_invalid",
        `Model ${model} needs the runtime "${runtime}", which this server does not have.`,
      );
    return new WorkerSlot({
      system: deps.system,
      logger: deps.logger,
      hosted,
      runtime: command,
      threads: deps.threads,
      timeouts: { ...DEFAULT_TIMEOUTS, ...deps.timeouts },
      respawn: { ...DEFAULT_RESPAWN, ...deps.respawn },
      socketDirectory: () => this.#socketDirectory(),
      onChange: (slot) => this.#changed(slot),
      onLine: (line) => this.#log(model, line),
      onProgress: (fraction, stage) =>
        this.#waitersFor(model).forEach((waiter) => waiter.options.onProgress(fraction, stage)),
    });
  }

  #checkAcquire(model: string): void {
    if (this.#closed) throw new FabricError("shutting_down", "The server is stopping.");
    const hosted = this.#deps.models.get(model);
    if (!hosted)
      throw new FabricError("model_not_found", `There is no model "${model}" on this node.`, {
        details: { model },
      });
    const needed = hosted.manifest.memory_bytes;
    const budget = this.#deps.memoryBudgetBytes;
    if (needed > budget)
      throw new FabricError(
        "out_of_memory",
        `${model} needs ${megabytes(needed)} of memory, but models may use only ${megabytes(budget)}.`,
        {
          details: { model, needed_bytes: needed, budget_bytes: budget },
        },
      );
  }

  /** Brings those who wait and the workers together; called after everything that may change the answer. */
  #schedule(): void {
    if (this.#closed) return;
    const views = new Map(
      [...this.#slots].map(([model, slot]) => [
        model,
        this.#starting.has(model) ? { ...slot.view, status: "starting" as const } : slot.view,
      ]),
    );
    const waiters = this.#waiters;
    const plan = planAdmissions(
      waiters.map((waiter) => waiter.model),
      views,
      this.#deps.memoryBudgetBytes,
    );
    const granted = plan.grant.map((index) => waiters[index]!);
    this.#waiters = waiters.filter((waiter) => !granted.includes(waiter));
    for (const waiter of granted) this.#grant(waiter);
    for (const model of plan.start) void this.#start(model);
    for (const model of plan.stop) void this.#slots.get(model)!.stop(false);
  }

  #grant(waiter: Waiter): void {
    const slot = this.#slots.get(waiter.model)!;
    const worker = slot.take();
    this.#holders.set(waiter.model, waiter.options);
    waiter.resolve(
      createLease(worker, () => {
        if (this.#holders.get(waiter.model) === waiter.options) this.#holders.delete(waiter.model);
        void slot.giveBack(worker);
      }),
    );
  }

  async #start(model: string): Promise<void> {
    this.#starting.add(model);
    try {
      await this.#slots.get(model)!.start();
    } catch (error) {
      const waiters = this.#waitersFor(model);
      this.#waiters = this.#waiters.filter((waiter) => waiter.model !== model);
      for (const waiter of waiters) waiter.reject(toFabricError(error));
    }
    this.#starting.delete(model);
    this.#schedule();
  }

  #changed(slot: WorkerSlot): void {
    const { report } = slot;
    if (report) for (const listener of this.#listeners) listener(report);
    // Not at once: the slot is in the middle of its own step.
    queueMicrotask(() => this.#schedule());
  }

  #log(model: string, line: string): void {
    this.#deps.logger.info(line, { source: "worker", model });
    this.#holders.get(model)?.onLog(line);
    if (!this.#holders.has(model))
      for (const waiter of this.#waitersFor(model)) waiter.options.onLog(line);
  }

  #waitersFor(model: string): Waiter[] {
    return this.#waiters.filter((waiter) => waiter.model === model);
  }

  async #socketDirectory(): Promise<string> {
    this.#directory ??= openSocketDirectory(this.#deps.socketDirectory);
    return (await this.#directory).path;
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
