import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  type ErrorCode,
  type FabricEvent,
  isFabricError,
  type TakeId,
  type UploadedFile,
} from "@arc-fabric/contract";
import type { Logger } from "@arc-fabric/core";
import { Checks, cleanDirectory } from "./checks.ts";
import { Life, type FaultRates, SimClock } from "./life.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { type Conditions, simModels } from "./sim-models.ts";
import { type LedgerTake, TakeLedger } from "./take-ledger.ts";
import { type Action, randomAction } from "./user.ts";

/** Refusals that a person may get for what they asked; everything else is a fault of ours. */
const REFUSALS = new Set<ErrorCode>([
  "take_not_found",
  "take_not_completed",
  "take_not_active",
  "take_not_paused",
  "take_active",
  "take_in_use",
  "state_not_found",
  "unsupported_value",
  "range_outside_clip",
  "invalid_mask",
  "schedule_mismatch",
  "latent_space_mismatch",
  "illegal_derivation",
  "file_not_found",
  "queue_full",
  "stream_ended",
]);
const NO_FAULTS: FaultRates = { worker: 0, disk: 0, encoder: 0 };
const DAY_MS = 86_400_000;

export interface WorldOptions {
  readonly random: SeededRandom;
  /** Existing empty folder. */
  readonly directory: string;
  readonly rates: FaultRates;
  readonly crashRate: number;
}

/** The server's machine and the people in front of it, over many lives of the server. */
export class World {
  readonly ledger = new TakeLedger();
  readonly counts = { turns: 0, actions: 0, crashes: 0, stops: 0, faults: 0, completed: 0 };
  readonly #options: WorldOptions;
  readonly #checks = new Checks(this.ledger);
  readonly #clock = new SimClock();
  readonly #trace = createHash("sha256");
  readonly #recent: string[] = [];
  readonly #injected = new Set<ErrorCode>();
  readonly #files = new Set<string>();
  readonly #events: FabricEvent[] = [];
  readonly #problems: Error[] = [];
  /** Steps handed over to each take since it was told to stop. */
  readonly #stepsAfterStop = new Map<TakeId, { why: string; steps: number }>();
  #runningTake: TakeId | null = null;
  #conditions: Conditions = { environment: { threads: 2 }, models: simModels(1) };
  #faults = true;
  /** Turn at which there is space again. */
  #diskFullUntil = 0;
  #life!: Life;

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  /** What happened last, for the report of a broken law. */
  get recent(): readonly string[] {
    return this.#recent;
  }

  /** A digest of everything that happened, in order. */
  get fingerprint(): string {
    return this.#trace.copy().digest("hex").slice(0, 16);
  }

  async open(): Promise<void> {
    const { random, directory } = this.#options;
    const life = await Life.open({
      directory,
      random,
      conditions: this.#conditions,
      logger: silent,
      clock: this.#clock,
      rates: () => this.#rates(),
      trace: (name) => this.#note(name),
      onEvent: (event) => this.#follow(event),
      onClaim: async (store, claim) => {
        this.#runningTake = claim.take.id;
        this.#stepsAfterStop.delete(claim.take.id);
        await this.#checks.claimed(store, claim).catch((error: Error) => this.#blame(error));
      },
      onFault: (code) => {
        this.counts.faults += 1;
        this.#injected.add(code);
        this.#note(`fault ${code}`);
      },
      onStep: () => this.#countStep(),
    });
    this.#life = life;
    await this.#checks.everything(life);
    life.engine.start().then(
      () => (life.isReady = true),
      // A server that cannot start ends; the machine starts it again.
      () => (life.isReady = false),
    );
    await life.turns.settle();
  }

  /** A full disk stays full for a while. */
  #rates(): FaultRates {
    if (!this.#faults) return NO_FAULTS;
    const { rates, random } = this.#options;
    if (this.counts.turns < this.#diskFullUntil) return { ...rates, disk: 1 };
    if (random.chance(rates.disk)) this.#diskFullUntil = this.counts.turns + random.below(40);
    return { ...rates, disk: 0 };
  }

  /** One thing happens. @throws Error when a law is broken */
  async next(): Promise<void> {
    const { random, crashRate } = this.#options;
    const life = this.#life;
    this.counts.turns += 1;
    if (life.turns.waiting === 0 && !life.isReady) await this.crash();
    else if (random.chance(crashRate)) await (random.chance(0.8) ? this.crash() : this.stop());
    else if (life.isReady && (life.turns.waiting === 0 || random.chance(0.07))) this.#act();
    await this.#life.turns.next();
    await this.#judge();
    if (this.counts.turns % 100 === 0) await this.#checks.everything(this.#life);
  }

  /** No more faults, no more wishes but one for each paused take: everything comes to its end. */
  async finish(): Promise<void> {
    this.#faults = false;
    if (!this.#life.isReady) await this.crash();
    await this.#run();
    for (const { id, status } of this.ledger.takes.values())
      if (status === "paused")
        this.#start({ name: "resume", take: id, act: (e) => e.resumeTake(id) });
    await this.#run();
    const { store, engine } = this.#life;
    for (const { id, status } of this.ledger.takes.values())
      if (status === "queued" || status === "running" || status === "paused")
        throw new Error(`take ${id} stays ${status} for ever`);
    for (const { id } of await store.listStreams({ status: "running" }))
      throw new Error(`stream ${id} runs, and nothing is made`);
    await this.#checks.everything(this.#life);
    this.#clock.advance(DAY_MS);
    this.#start({ name: "thin", act: () => engine.thinStates({ keep_every: 2, dry_run: false }) });
    await this.#run();
    await this.#checks.everything(this.#life);
    await cleanDirectory(store, this.#options.directory);
    await this.#life.close();
  }

  /** The server dies at this moment; one call of it may have been carried out without its knowing. */
  async crash(): Promise<void> {
    this.counts.crashes += 1;
    this.#note("crash");
    await this.#life.turns.die();
    await this.#judge();
    const { random, directory } = this.#options;
    const victim = this.#faults && random.chance(0.2) ? await this.#damageable() : undefined;
    await this.#life.close();
    this.#runningTake = null;
    this.#stepsAfterStop.clear();
    if (random.chance(0.3)) writeFileSync(path.join(directory, "blobs/tmp", "torn"), "half a sta");
    if (victim) this.#damage(victim);
    if (random.chance(0.2)) this.#changeConditions();
    if (random.chance(0.3)) this.#clock.advance(random.below(DAY_MS));
    await this.open();
  }

  async stop(): Promise<void> {
    this.counts.stops += 1;
    this.#note("stop");
    const life = this.#life;
    if (!life.isReady) return this.crash();
    life.isReady = false;
    let stopped = false;
    void life.engine.stop().then(() => (stopped = true));
    while (!stopped && (await life.turns.next())) await this.#judge();
    await life.turns.settle();
    if (!stopped) throw new Error("the server does not stop");
    await this.#judge();
    await life.close();
    this.#runningTake = null;
    await this.open();
  }

  async #run(): Promise<void> {
    await this.#life.turns.settle();
    do await this.#judge();
    while (await this.#life.turns.next());
    await this.#judge();
  }

  #act(): void {
    const view = {
      takes: [...this.ledger.takes.values()],
      sessions: [...this.ledger.announced.keys()],
      files: [...this.#files],
      streams: [...this.ledger.streams.values()],
    };
    this.counts.actions += 1;
    this.#start(randomAction(this.#options.random, view));
  }

  #start({ name, take, session, act }: Action): void {
    this.#note(`${name} ${take ?? ""}`);
    if (session) this.#checks.disturbed.add(session);
    const life = this.#life;
    act(life.engine).then(
      (result) => this.#acknowledge(name, take, result),
      (error: unknown) => {
        const code = isFabricError(error) ? error.code : "internal";
        this.#note(`${name} refused: ${code}`);
        if (!REFUSALS.has(code) && !this.#injected.has(code))
          this.#blame(new Error(`${name} of ${take} was refused with ${code}`, { cause: error }));
      },
    );
  }

  #acknowledge(name: string, take: TakeId | undefined, result: unknown): void {
    if (name === "upload") this.#files.add((result as UploadedFile).digest);
    const known = take && this.ledger.takes.get(take);
    if (!known) return;
    if (["pause", "cancel", "priority"].includes(name)) this.#checks.disturbed.add(known.session);
    const stops = (name === "pause" && known.marked) || name === "cancel";
    if (stops && take === this.#runningTake)
      this.#stepsAfterStop.set(take, { why: name, steps: 0 });
    if (name === "resume") this.#stepsAfterStop.delete(take);
  }

  #countStep(): void {
    const stop = this.#runningTake && this.#stepsAfterStop.get(this.#runningTake);
    if (!stop) return;
    stop.steps += 1;
    if (stop.steps > (stop.why === "cancel" ? 0 : 1))
      this.#blame(new Error(`step ${stop.steps} after the ${stop.why} of ${this.#runningTake}`));
  }

  #follow(event: FabricEvent): void {
    this.#note(`${event.type} ${JSON.stringify(event.data)}`);
    this.#events.push(event);
    try {
      this.ledger.follow(event, this.#conditions);
      if (event.type === "take.failed" && !this.#injected.has(event.data.error.code))
        this.#blame(new Error(`take failed with ${JSON.stringify(event.data.error)}`));
    } catch (error) {
      this.#blame(error as Error);
    }
  }

  /** What the newest events call for, while nothing else moves. */
  async #judge(): Promise<void> {
    for (const event of this.#events.splice(0)) {
      const id = "take_id" in event.data ? event.data.take_id : null;
      const known = id && this.ledger.takes.get(id);
      if (!known) continue;
      if (event.type === "take.queued") await this.#inherit(known);
      if (event.type === "take.reused") await this.#inherit(known, event.data.from_take_id);
      if (event.type === "step.completed")
        await this.#checks.derivations(this.#life.store, known.id);
      if (event.type !== "take.completed") continue;
      this.counts.completed += 1;
      await this.#checks.completed(this.#life, known.id);
    }
    const [problem] = this.#problems;
    if (problem) throw problem;
  }

  async #inherit(known: LedgerTake, from?: TakeId): Promise<void> {
    const take = await this.#life.store.getTake(known.id);
    if (take) this.ledger.begin(known, take.progress.step, from ?? take.parent_id);
  }

  /** The newest state of a take that is not finished, where neither a row nor a plan of another one names it. */
  async #damageable(): Promise<{ id: TakeId; digest: string } | undefined> {
    const { store } = this.#life;
    const { items: takes } = await store.listTakes({}, { limit: 10_000, order: "asc" });
    const named = await Promise.all(
      takes.map(async (take) => {
        const states = await store.listStates(take.id);
        return new Set(JSON.stringify([take.plan, states]).match(/[0-9a-f]{64}/g));
      }),
    );
    const newest = takes
      .filter(({ status }) => ["queued", "running", "paused"].includes(status))
      .filter(({ id }) => this.ledger.takes.get(id)!.completedSteps.length > 0)
      .map(({ id }) => ({ id, digest: this.ledger.newest.get(id)! }));
    return this.#options.random.pick(
      newest.filter(({ digest }) => named.filter((digests) => digests.has(digest)).length === 1),
    );
  }

  /** Flips a bit in it. */
  #damage({ id, digest }: { id: TakeId; digest: string }): void {
    const { directory } = this.#options;
    this.#note(`damage ${id}`);
    this.ledger.damaged.add(id);
    const [shard] = readdirSync(path.join(directory, "blobs")).filter((name) =>
      readdirSync(path.join(directory, "blobs", name)).includes(digest),
    );
    const file = path.join(directory, "blobs", shard!, digest);
    const bytes = readFileSync(file);
    const { atime, mtime } = statSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    utimesSync(file, atime, mtime);
  }

  #changeConditions(): void {
    const { random } = this.#options;
    this.#conditions = {
      environment: { threads: random.pick([2, 4]) },
      models: simModels(random.pick([1, 1, 2])),
    };
    this.#note(`conditions ${JSON.stringify(this.#conditions.environment)}`);
  }

  #note(line: string): void {
    this.#trace.update(`${line}\n`);
    this.#recent.push(line);
    if (this.#recent.length > 5000) this.#recent.shift();
  }

  #blame(error: Error): void {
    this.#problems.push(error);
  }
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
