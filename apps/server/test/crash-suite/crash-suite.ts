import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { FabricEvent, SessionId, Solver } from "@arc-fabric/contract";
import { openStore } from "@arc-fabric/store";
import { createSystem } from "../../src/process/system.ts";
import { SeededRandom } from "../simulator/seeded-random.ts";
import { type Outcome, outcomesOf, runMix } from "./mix.ts";
import { SuiteServer } from "./suite-server.ts";

/** Where a process was killed. */
export interface KillPoint {
  readonly victim: "server" | "worker";
  /** The newest event that had been acknowledged. */
  readonly after: string;
  readonly delayMs: number;
}

export interface CrashReport {
  readonly seed: number;
  readonly points: readonly KillPoint[];
  readonly takes: number;
  readonly events: number;
  readonly resumes: number;
}

const SOLVERS: readonly Solver[] = ["dpmpp_2m", "euler"];
/** Points that wait for the end of a take: its decoding and encoding last only a moment. */
const AT_THE_END = 0.35;
const UNDISTURBED = "undisturbed";
const TITLE = "crash suite";

/**
 * Kills workers and servers with -9 at `points` random moments each, in the middle of a mix of takes of both solvers, until all is
 * made; compares every byte with a run that nothing disturbed. @throws Error that names what was lost, and the seed
 */
export async function crashSuite(options: {
  seed: number;
  points: number;
  onPoint?: (point: KillPoint, count: number) => void;
}): Promise<CrashReport> {
  const home = mkdtempSync(path.join(tmpdir(), "arc-crash-"));
  const suite = new CrashSuite(home, options);
  try {
    return await suite.run();
  } catch (error) {
    throw new Error(
      `Seed ${options.seed}: ${error instanceof Error ? error.message : String(error)}\n` +
        `Replay: npm run crash -- --seed ${options.seed} --points ${options.points}`,
      { cause: error },
    );
  } finally {
    await suite.close();
    rmSync(home, { recursive: true, force: true });
  }
}

class CrashSuite {
  readonly #home: string;
  readonly #options: Parameters<typeof crashSuite>[0];
  readonly #random: SeededRandom;
  readonly #points: KillPoint[] = [];
  /** Acknowledged events of the present round, as the client got them. */
  #seen: FabricEvent[] = [];
  #tell = () => {};
  #server: SuiteServer | null = null;

  constructor(home: string, options: Parameters<typeof crashSuite>[0]) {
    this.#home = home;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  async run(): Promise<CrashReport> {
    const references = await this.#undisturbed();
    const server = await SuiteServer.start(path.join(this.#home, "data"));
    this.#server = server;
    let [takes, events, resumes] = [0, 0, 0];
    for (let round = 0; !this.#isDone; round++) {
      const solver = SOLVERS[round % SOLVERS.length]!;
      const done = await this.#round(server, solver);
      expectEqual(done.outcomes, references[solver]);
      takes += Object.keys(done.outcomes).length;
      events += this.#seen.length;
      resumes += done.resumes;
    }
    // Two graceful starts: the first collects what the killed ones left.
    for (const last of [false, true]) {
      await server.stop();
      if (!last) await server.start();
    }
    await this.#expectNoStrayFile(server.dataDir);
    return { seed: this.#options.seed, points: this.#points, takes, events, resumes };
  }

  async close(): Promise<void> {
    await this.#server?.killServer();
  }

  get #isDone(): boolean {
    return this.#points.length >= 2 * this.#options.points;
  }

  async #undisturbed(): Promise<Record<Solver, Record<string, Outcome>>> {
    const server = await SuiteServer.start(path.join(this.#home, UNDISTURBED));
    this.#server = server;
    const references = {} as Record<Solver, Record<string, Outcome>>;
    for (const solver of SOLVERS) {
      const { id } = await server.client.sessions.create({ title: TITLE });
      references[solver] = await outcomesOf(server.client, await runMix(server.client, id, solver));
      for (const [name, { status, error }] of Object.entries(references[solver]))
        if (status !== "completed")
          throw new Error(`The undisturbed ${name} is ${status}: ${error}`);
    }
    await server.stop();
    return references;
  }

  /** The mix once, with kills until it is made or there were enough of them. */
  async #round(server: SuiteServer, solver: Solver) {
    const { client } = server;
    const { id } = await client.sessions.create({ title: TITLE });
    const over = new AbortController();
    this.#seen = [];
    const following = this.#follow(server, id, over.signal);
    const making = runMix(client, id, solver).finally(() => {
      over.abort();
      this.#tell();
    });
    const killing = this.#kill(server, over.signal);
    const takes = await making;
    await Promise.all([killing, following]);
    await this.#expectEventsKept(server, id);
    const outcomes = await outcomesOf(client, takes);
    let resumes = 0;
    for (const take of Object.values(takes)) resumes += (await client.takes.get(take.id)).resumes;
    return { outcomes, resumes };
  }

  async #follow(server: SuiteServer, sessionId: SessionId, signal: AbortSignal): Promise<void> {
    try {
      for await (const event of server.client.events({ sessionId, after: 0, signal })) {
        this.#seen.push(event);
        this.#tell();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #kill(server: SuiteServer, over: AbortSignal): Promise<void> {
    while (!this.#isDone) {
      const after = await this.#moment(over);
      const delayMs = this.#random.below(after.includes("phase") ? 90 : 25);
      await sleep(delayMs);
      if (over.aborted) return;
      // In turns: a server that loses one worker after the other stops starting them for a while.
      const victim = this.#points.length % 2 === 0 ? "worker" : "server";
      if (victim === "worker") {
        const worker = this.#random.pick(server.workers());
        if (!worker) continue;
        process.kill(worker.pid, "SIGKILL");
      } else {
        await server.killServer();
        await server.start();
      }
      const point = { victim, after, delayMs } as const;
      this.#points.push(point);
      this.#options.onPoint?.(point, this.#points.length);
    }
  }

  /** Waits for some more events, or for the next end of a take. @returns the newest event */
  async #moment(over: AbortSignal): Promise<string> {
    const atTheEnd = this.#random.chance(AT_THE_END);
    let left = 1 + this.#random.below(14);
    for (let next = this.#seen.length; !over.aborted;) {
      const event = this.#seen[next];
      if (!event) {
        await new Promise<void>((resolve) => (this.#tell = resolve));
        continue;
      }
      next += 1;
      left -= 1;
      if (atTheEnd ? isEnding(event) : left === 0)
        return event.type === "phase.changed" ? `phase ${event.data.phase}` : event.type;
    }
    return "the end";
  }

  /** Every event that the client got is stored, in its place; and the client got all of them. */
  async #expectEventsKept(server: SuiteServer, sessionId: SessionId): Promise<void> {
    const { last_seq: last } = await server.client.sessions.get(sessionId);
    const stored: FabricEvent[] = [];
    for await (const event of server.client.events({ sessionId, after: 0 })) {
      stored.push(event);
      if (event.seq === last) break;
    }
    stored.forEach((event, i) => {
      if (event.seq !== i + 1) throw new Error(`Event ${i + 1} of ${sessionId} is missing.`);
    });
    this.#seen.forEach((event, i) => {
      if (!isDeepStrictEqual(event, stored[i]))
        throw new Error(
          `Event ${i + 1} of ${sessionId} was ${JSON.stringify(event)} when it came.`,
        );
    });
  }

  async #expectNoStrayFile(dataDir: string): Promise<void> {
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const store = await openStore({ directory: dataDir, system: createSystem(), logger });
    const named = await store.referencedBlobs();
    await store.close();
    const files = filesOf(dataDir);
    const present = new Set(files.filter(isBlob).map((file) => path.basename(file)));
    const expected = filesOf(path.join(this.#home, UNDISTURBED)).filter((file) => !isBlob(file));
    const stray = files.filter((file) =>
      isBlob(file) ? !named.has(path.basename(file)) : !expected.includes(file),
    );
    if (stray.length > 0) throw new Error(`Stray files: ${stray.join(", ")}`);
    for (const digest of named)
      if (!present.has(digest)) throw new Error(`The blob ${digest} of a row is missing.`);
  }
}

/** Relative paths of all files but those that SQLite removes when it is closed. */
function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .filter((file) => !/-(wal|shm|journal)$/.test(file));
}

function isBlob(file: string): boolean {
  return file.startsWith("blobs");
}

function isEnding(event: FabricEvent): boolean {
  if (event.type === "phase.changed")
    return event.data.phase === "decoding" || event.data.phase === "finishing";
  return event.type === "artifact.created";
}

function expectEqual(
  outcomes: Readonly<Record<string, Outcome>>,
  references: Readonly<Record<string, Outcome>>,
): void {
  for (const [name, reference] of Object.entries(references))
    if (!isDeepStrictEqual(outcomes[name], reference))
      throw new Error(
        `${name} differs from the undisturbed run: ${JSON.stringify(outcomes[name])} instead of ${JSON.stringify(reference)}`,
      );
}
