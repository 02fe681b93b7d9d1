import { manifestSchema, type DenoiseSegment, type Manifest } from "@arc-fabric/contract";
import type { DenoiseRequest, Logger, System, WorkerLease } from "@arc-fabric/core";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createModelHost,
  type HostedModel,
  type ModelHostDeps,
  type RuntimeCommand,
} from "../src/index.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..", "..");
const NODE_ARGS = ["--disable-warning=ExperimentalWarning"];
export const TINY_MODEL = join(REPOSITORY, "runtimes", "onnx", "test", "fixtures", "zoetrope-tiny");
export const NEVER = new AbortController().signal;

export const realSystem: System = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  randomBytes: (count) => randomBytes(count),
  async sleep(ms, signal) {
    await sleep(ms, undefined, { signal });
  },
};

export const ONNX_RUNTIME: RuntimeCommand = {
  command: process.execPath,
  args: [...NODE_ARGS, join(REPOSITORY, "runtimes", "onnx", "src", "main.ts")],
  env: {},
};

/** A worker that misbehaves as `mode` says; see fixtures/fixture-worker.ts. */
export function fixtureRuntime(mode: string, stateBytes = 64): RuntimeCommand {
  const script = join(import.meta.dirname, "fixtures", "fixture-worker.ts");
  return {
    command: process.execPath,
    args: [...NODE_ARGS, script, "--mode", mode, "--state-bytes", String(stateBytes)],
    env: {},
  };
}

export function tinyManifest(change: Partial<Manifest> = {}): Manifest {
  return {
    ...manifestSchema.parse(JSON.parse(readFileSync(join(TINY_MODEL, "manifest.json"), "utf8"))),
    ...change,
  };
}

export interface HostFixture extends AsyncDisposable {
  readonly host: ReturnType<typeof createModelHost>;
  readonly warnings: string[];
  acquire(
    model?: string,
    signal?: AbortSignal,
  ): Promise<WorkerLease & { readonly log: string[]; readonly progress: number[] }>;
}

export function startHost(
  runtime: RuntimeCommand,
  change: Partial<ModelHostDeps> = {},
): HostFixture {
  const manifest = tinyManifest();
  const models: ReadonlyMap<string, HostedModel> =
    change.models ?? new Map([[manifest.id, { manifest, directory: TINY_MODEL }]]);
  const warnings: string[] = [];
  const quiet = () => {};
  const logger: Logger = {
    debug: quiet,
    info: quiet,
    warn: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields)}`),
    error: quiet,
  };
  const socketDirectory = mkdtempSync(join(tmpdir(), "arc-test-"));
  const host = createModelHost({
    system: realSystem,
    logger,
    models,
    runtimes: { onnx: runtime },
    socketDirectory,
    threads: 1,
    memoryBudgetBytes: 1e9,
    ...change,
    timeouts: { heartbeatIntervalMs: 50, ...change.timeouts },
    respawn: { backoffMs: 1, ...change.respawn },
  });
  return {
    host,
    warnings,
    async acquire(model = manifest.id, signal = NEVER) {
      const log: string[] = [];
      const progress: number[] = [];
      const lease = await host.acquire(model, {
        signal,
        onProgress: (fraction) => progress.push(fraction),
        onLog: (line) => log.push(line),
      });
      return { ...lease, log, progress };
    },
    async [Symbol.asyncDispose]() {
      await host.close();
      rmSync(socketDirectory, { recursive: true, force: true });
    },
  };
}

/** A clip of 17 frames of the tiny model from noise in four steps, or as many as the segment is given, with what is changed. */
export function denoiseRequest(
  change: Partial<Omit<DenoiseRequest, "segment">> & { segment?: Partial<DenoiseSegment> } = {},
): DenoiseRequest {
  const to = change.segment?.to ?? 4;
  const segment: DenoiseSegment = {
    type: "denoise",
    model: "zoetrope-tiny",
    conditioning: 0,
    from: 0,
    to,
    solver: "euler",
    history: "reset",
    guidance_scale: 4,
    window: [0, 5],
    keep: null,
    cache: null,
    ...change.segment,
  };
  return {
    shape: [4, 5, 4, 4],
    start: { kind: "noise", seed: 7 },
    schedule: { sigmas: Array.from({ length: to + 1 }, (_, index) => 1 - index / to) },
    from: segment.from,
    conditioning: new Uint8Array(1),
    state: null,
    previewIntervalMs: 0,
    readBlob: (digest) => Promise.reject(new Error(`Nobody stored ${digest}.`)),
    ...change,
    segment,
  };
}

/** True while a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie answers too; its command line is gone.
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.[0] !== "Z";
  } catch {
    return false;
  }
}

/** Waits for `condition`, looking often; the test's own timeout ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
