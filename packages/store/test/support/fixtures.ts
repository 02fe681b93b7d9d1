import { createHash } from "node:crypto";
import { newId, type SessionId, type TakeId } from "@arc-fabric/contract";
import { samplePlan, sampleParameters } from "@arc-fabric/contract/testing";
import type {
  Claim,
  IdempotencyRecord,
  Logger,
  NewIds,
  NewState,
  NewTake,
  Store,
  StreamLink,
  System,
} from "@arc-fabric/core";

/** A clock that goes on by one millisecond with every look, and seeded chance, so that ids sort in the order of the calls. */
export function testSystem(startMs = 1_750_000_000_000): System & { advance(ms: number): void } {
  let now = startMs;
  let seed = 1;
  const next = () => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) >>> 16;
  return {
    now: () => (now += 1),
    monotonic: () => now - startMs,
    randomBytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff),
    sleep: async () => {},
    advance: (ms) => void (now += ms),
  };
}

export interface CollectedLogs extends Logger {
  readonly lines: { level: string; message: string }[];
}

export function testLogger(): CollectedLogs {
  const lines: { level: string; message: string }[] = [];
  const add = (level: string) => (message: string) => void lines.push({ level, message });
  return { lines, debug: add("debug"), info: add("info"), warn: add("warn"), error: add("error") };
}

export const digestOf = (text: string) => createHash("sha256").update(text).digest("hex");

export const TOTAL_STEPS = 4;

export const PARAMETERS = sampleParameters(TOTAL_STEPS);
export const PLAN = samplePlan(PARAMETERS);

/** The environment that the states of `Maker` are computed in. */
export const ENVIRONMENT = "e0".repeat(32);

/** Short ways to make rows, with the clock of one system. */
export class Maker {
  readonly system: System & { advance(ms: number): void };
  readonly store: Store;

  constructor(store: Store, system = testSystem()) {
    this.store = store;
    this.system = system;
  }

  now(): number {
    return this.system.now();
  }

  id<Prefix extends "ses" | "take" | "art" | "str">(prefix: Prefix) {
    return newId(prefix, this.now(), (count) => this.system.randomBytes(count));
  }

  async session(title = "A session"): Promise<SessionId> {
    const id = this.id("ses");
    await this.store.createSession({ id, title, nowMs: this.now() });
    return id;
  }

  newTake(sessionId: SessionId, changes: Partial<NewTake> = {}): NewTake {
    const nowMs = this.now();
    const id = newId("take", nowMs, (count) => this.system.randomBytes(count));
    return {
      id,
      sessionId,
      newSessionTitle: null,
      parentId: null,
      origin: { kind: "generate" },
      title: null,
      priority: 0,
      estimate: null,
      inherit: null,
      states: [],
      inputs: [],
      parameters: PARAMETERS,
      plan: PLAN,
      nowMs,
      maxQueued: 100,
      ...changes,
    };
  }

  async take(
    sessionId: SessionId,
    changes: Partial<NewTake> = {},
    idempotency: IdempotencyRecord | null = null,
  ): Promise<TakeId> {
    const { take } = await this.store.createTake(this.newTake(sessionId, changes), idempotency);
    return take.id;
  }

  async claim(): Promise<Claim> {
    const claim = await this.store.claimNext(this.now());
    if (!claim) throw new Error("nothing is queued");
    return claim;
  }

  /** A completed take with all its states; `name` tells its derivations and blobs from those of others. */
  async completed(
    sessionId: SessionId,
    changes: Partial<NewTake> = {},
    name = "",
  ): Promise<TakeId> {
    const id = await this.take(sessionId, { priority: 10, ...changes });
    await this.finish(id, name);
    return id;
  }

  /** Runs the take that is next from where it stands to its end. */
  async finish(id: TakeId, name = ""): Promise<void> {
    const claim = await this.claim();
    if (claim.take.id !== id) throw new Error("another take was before it");
    for (let step = claim.take.progress.step + 1; step <= TOTAL_STEPS; step++)
      await this.store.addState(claim, this.namedState(name, step), this.now());
    await this.store.completeTake(claim, this.now());
  }

  newIds(): NewIds {
    return {
      session: () => this.id("ses"),
      take: () => this.id("take"),
      artifact: () => this.id("art"),
      stream: () => this.id("str"),
    };
  }

  /** A stream that has no take yet. */
  newStream(): Extract<StreamLink, { kind: "begin" }>["stream"] {
    return {
      id: this.id("str"),
      status: "running",
      model: "zoetrope-s",
      prompt: "a ball",
      negative_prompt: "",
      guidance_scale: 2,
      num_inference_steps: 4,
      max_blocks: 8,
      block_frames: 8,
      seed: 7,
      revision: 0,
      head_take_id: null,
      blocks: 0,
      error: null,
      final: null,
      created_at: new Date(this.now()).toISOString(),
    };
  }

  namedState(name: string, step: number): NewState {
    if (name === "") return this.state(step);
    return this.state(step, { derivation: `${name} ${step}`, digest: digestOf(`${name} ${step}`) });
  }

  state(step: number, changes: Partial<NewState> = {}): NewState {
    const digest = step.toString(16).padStart(64, "0");
    const base = {
      step,
      sigma: 1 - step / TOTAL_STEPS,
      bytes: 100,
      digest,
      derivation: `derivation ${step}`,
      previewDigest: null,
      environment: ENVIRONMENT,
    };
    return { ...base, seconds: step, model_seconds: step / 2, ...changes };
  }
}
