import type { Manifest } from "@arc-fabric/contract";
import type { Logger, System } from "@arc-fabric/core";

/** How the worker process of a runtime is started; `--socket PATH --worker-id ID` are appended. */
export interface RuntimeCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** The worker's whole environment; nothing is inherited that is not named here. */
  readonly env: Readonly<Record<string, string>>;
}

/** A model on this node: its manifest and the folder its files lie in. */
export interface HostedModel {
  readonly manifest: Manifest;
  readonly directory: string;
}

/** Each phase of a worker's life has its own limit. */
export interface WorkerTimeouts {
  /** From spawn to an accepted handshake. */
  readonly readyMs: number;
  /** Loading a model: digests, sessions, warm-up. */
  readonly loadMs: number;
  /** Interval at which the worker must send heartbeats while its loop is alive. */
  readonly heartbeatIntervalMs: number;
  /** An idle worker that is silent for longer than this is taken for stuck and killed. */
  readonly heartbeatTimeoutMs: number;
  /** A busy worker may be silent this long: the budget of one step (a step blocks the worker's loop). */
  readonly stepBudgetMs: number;
  /** From cancel to `cancelled`; longer and the worker is killed. */
  readonly cancelMs: number;
  /** From the shutdown message to the end of stdin. */
  readonly shutdownMs: number;
  /** From the end of stdin to SIGTERM, and from SIGTERM to SIGKILL. */
  readonly forceKillMs: number;
}

/** How often a worker that keeps dying is started again. */
export interface RespawnPolicy {
  /** Losses tolerated within `windowMs`; one more puts the worker into `error`. */
  readonly budget: number;
  readonly windowMs: number;
  /** Pause before the first respawn; doubled with each loss within the window. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** How long `error` lasts before the next acquire may try again. */
  readonly coolDownMs: number;
}

export interface ModelHostDeps {
  readonly system: System;
  readonly logger: Logger;
  /** By model id. */
  readonly models: ReadonlyMap<string, HostedModel>;
  /** By the manifest's `runtime`. */
  readonly runtimes: Readonly<Record<string, RuntimeCommand>>;
  /** Preferred folder for sockets; a short one under the system's temporary folder is used when its path is too long for a socket. */
  readonly socketDirectory: string;
  /** Threads a worker may use. */
  readonly threads: number;
  /** Sum of `memory_bytes` of loaded models stays within this; idle ones are stopped to make room. */
  readonly memoryBudgetBytes: number;
  readonly timeouts?: Partial<WorkerTimeouts>;
  readonly respawn?: Partial<RespawnPolicy>;
}

export const DEFAULT_TIMEOUTS: WorkerTimeouts = {
  readyMs: 60_000,
  loadMs: 120_000,
  heartbeatIntervalMs: 1_000,
  heartbeatTimeoutMs: 15_000,
  stepBudgetMs: 300_000,
  cancelMs: 30_000,
  shutdownMs: 2_000,
  forceKillMs: 2_000,
};

export const DEFAULT_RESPAWN: RespawnPolicy = {
  budget: 3,
  windowMs: 60_000,
  backoffMs: 200,
  maxBackoffMs: 5_000,
  coolDownMs: 30_000,
};
