import { type ErrorCode, FabricError, type FabricEvent } from "@arc-fabric/contract";
import {
  type BlobStore,
  type Claim,
  Engine,
  type Logger,
  type Store,
  type System,
} from "@arc-fabric/core";
import { openBlobStore, openStore } from "@arc-fabric/store";
import { gate, type GateHooks } from "./gate.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { SimHost } from "./sim-host.ts";
import { createSimMedia } from "./sim-media.ts";
import type { Conditions } from "./sim-models.ts";
import { Turns } from "./turns.ts";

/** Chances that a call goes wrong; `disk` is that of the disk being full from now on for some turns. */
export interface FaultRates {
  readonly worker: number;
  readonly disk: number;
  readonly encoder: number;
}

export interface LifeDeps {
  readonly directory: string;
  readonly random: SeededRandom;
  readonly conditions: Conditions;
  readonly logger: Logger;
  readonly clock: SimClock;
  rates(): FaultRates;
  trace(name: string): void;
  onEvent(event: FabricEvent): void;
  onClaim(store: Store, claim: Claim): Promise<void>;
  onFault(code: ErrorCode): void;
  onStep(): void;
}

/** Wall time of the simulated machine, in milliseconds; it goes on by one with every look. */
export class SimClock {
  #now = Date.UTC(2026, 0, 1);

  look(): number {
    return (this.#now += 1);
  }

  advance(ms: number): void {
    this.#now += ms;
  }
}

/** One server from its start to its stop or death: the real engine on the real store and blob directory. */
export class Life {
  readonly turns: Turns;
  readonly engine: Engine;
  /** Without turns, for checks. */
  readonly store: Store;
  readonly blobs: BlobStore;
  /** The engine has started: calls are accepted. */
  isReady = false;
  #unsubscribe: () => void;

  private constructor(deps: LifeDeps, store: Store, blobs: BlobStore) {
    this.store = store;
    this.blobs = blobs;
    const turns = new Turns(deps.random, (name) => deps.trace(name));
    this.turns = turns;
    this.#unsubscribe = store.subscribe((event) => deps.onEvent(event));
    const hooks = diskHooks(deps, store);
    const host = new SimHost({
      turns,
      random: deps.random,
      conditions: deps.conditions,
      faultRate: () => deps.rates().worker,
      onFault: (code) => deps.onFault(code),
      onStep: () => deps.onStep(),
    });
    const media = createSimMedia({
      turns,
      fails: () => deps.random.chance(deps.rates().encoder),
      onFault: (code) => deps.onFault(code),
    });
    this.engine = new Engine({
      store: gate(store, { name: "store", turns, hooks, direct: ["subscribe"] }),
      blobs: gate(blobs, { name: "blobs", turns, hooks }),
      host,
      media,
      system: simSystem(deps, turns),
      logger: deps.logger,
      models: deps.conditions.models,
      settings: {
        maxQueued: 8,
        previewIntervalMs: 1,
        defaultModel: "sim-a",
        maxLosses: 3,
        storageBudgetBytes: deps.random.chance(0.3) ? 20_000 : null,
        keepEvery: 2,
      },
    });
  }

  static async open(deps: LifeDeps): Promise<Life> {
    const { directory, clock, logger } = deps;
    const system = { ...simSystem(deps, null), now: () => clock.look() };
    const store = await openStore({ directory, system, logger });
    return new Life(deps, store, await openBlobStore({ directory, system, logger }));
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await this.store.close();
  }
}

function diskHooks(deps: LifeDeps, store: Store): GateHooks {
  return {
    before(name) {
      const writes =
        !/\.(get|list|read|find|peek|latest|counts|has|measured)/.test(name) &&
        !/^blobs\.(remove|delete|collect)/.test(name);
      if (!writes || deps.rates().disk < 1) return;
      deps.onFault("disk_full");
      throw new FabricError("disk_full", `Simulated full disk in ${name}.`);
    },
    async after(name, result) {
      if (name === "store.claimNext" && result) await deps.onClaim(store, result as Claim);
    },
  };
}

function simSystem({ clock, random }: LifeDeps, turns: Turns | null): System {
  return {
    now: () => clock.look(),
    monotonic: () => clock.look(),
    randomBytes: (count) => random.bytes(count),
    async sleep(ms, signal) {
      await turns?.wait("sleep", signal);
      clock.advance(ms);
    },
  };
}
