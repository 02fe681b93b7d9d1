import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { weightsDigest } from "@arc-fabric/contract";
import { Engine, type Logger, type Store } from "@arc-fabric/core";
import { openBlobStore, openStore } from "@arc-fabric/store";
import { createSystem } from "../../src/process/system.ts";
import { FAKE_MANIFEST } from "./fake-manifest.ts";
import { createFakeMedia } from "./fake-media.ts";
import { createFakeModelHost, type FakeHostControls } from "./fake-model-host.ts";

/** What a test puts in the way of the engine's next call of a store's method. */
export interface Interruption {
  readonly method: keyof Store;
  /** Before or after the call is carried out; after it the engine has not got the answer yet. */
  readonly when: "before" | "after";
  /** Only a call that this is true for; all unless set. */
  readonly matches?: (...values: never[]) => boolean;
  readonly act: () => Promise<unknown>;
}

export interface TestEngine {
  readonly engine: Engine;
  /** Without interruptions. */
  readonly store: Store;
  readonly controls: FakeHostControls;
  /** Models that workers were asked for. */
  readonly acquired: readonly string[];
  /** Once. Calls that the interruption itself leads to are not interrupted. Resolves when it has happened. */
  readonly interrupt: (interruption: Interruption) => Promise<void>;
  /** Resolves when this holds; looked at after every event. */
  readonly until: (holds: () => Promise<boolean>) => Promise<void>;
  /** Its data, which another one may go on with when they were kept. */
  readonly directory: string;
  readonly close: (options?: { keep: boolean }) => Promise<void>;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** The engine on a real store with a fake model, and with whatever a test wants to happen in the middle of its work. */
export async function createTestEngine({
  directory = mkdtempSync(path.join(tmpdir(), "arc-engine-")),
  manifest = FAKE_MANIFEST,
} = {}): Promise<TestEngine> {
  const system = { ...createSystem(), sleep: () => setImmediate() };
  const deps = { directory, system, logger: silent };
  const store = await openStore(deps);
  const blobs = await openBlobStore(deps);
  const controls: FakeHostControls = { beforeStep: async () => {} };
  const digest = weightsDigest(manifest, (text) => createHash("sha256").update(text).digest("hex"));
  const acquired: string[] = [];
  const host = createFakeModelHost(digest, controls);
  const waiting: (Interruption & { readonly done: () => void })[] = [];
  const engine = new Engine({
    store: interrupted(store, waiting),
    blobs,
    host: {
      ...host,
      acquire: (model, options) => {
        acquired.push(model);
        return host.acquire(model, options);
      },
    },
    media: createFakeMedia(),
    system,
    logger: silent,
    models: [manifest],
    settings: {
      maxQueued: 20,
      previewIntervalMs: 0,
      defaultModel: manifest.id,
      maxLosses: 3,
      storageBudgetBytes: null,
      keepEvery: 2,
    },
  });
  await engine.start();
  return {
    engine,
    store,
    controls,
    acquired,
    interrupt: (interruption) =>
      new Promise((done) => waiting.push({ ...interruption, done: () => done() })),
    until: (holds) => untilHolds(store, holds),
    directory,
    close: async ({ keep } = { keep: false }) => {
      await engine.stop();
      await store.close();
      if (!keep) rmSync(directory, { recursive: true, force: true });
    },
  };
}

type Method = (...values: unknown[]) => Promise<unknown>;

function interrupted(
  store: Store,
  waiting: (Interruption & { readonly done: () => void })[],
): Store {
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== "function" || property === "subscribe") return value;
      return async (...values: unknown[]) => {
        const index = waiting.findIndex(
          ({ method, matches }) =>
            method === property && (matches?.(...(values as never[])) ?? true),
        );
        const [found] = index === -1 ? [] : waiting.splice(index, 1);
        try {
          if (found?.when === "before") await found.act();
          const result = await (value as Method).apply(target, values);
          if (found?.when === "after") await found.act();
          return result;
        } finally {
          found?.done();
        }
      };
    },
  });
}

async function untilHolds(store: Store, holds: () => Promise<boolean>): Promise<void> {
  let look = () => {};
  const unsubscribe = store.subscribe(() => look());
  try {
    await new Promise<void>((resolve, reject) => {
      look = () => void holds().then((isTrue) => isTrue && resolve(), reject);
      look();
    });
  } finally {
    unsubscribe();
  }
}
