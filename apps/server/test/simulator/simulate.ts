import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { SeededRandom } from "./seeded-random.ts";
import { World } from "./world.ts";

export interface SimulationReport {
  readonly seed: number;
  /** A digest of everything that happened: equal for equal seeds. */
  readonly fingerprint: string;
  readonly takes: number;
  readonly turns: number;
  readonly actions: number;
  readonly crashes: number;
  readonly stops: number;
  readonly faults: number;
  readonly completed: number;
}

/**
 * A server, its workers, its disk and its users under faults, decided by the seed alone.
 * @throws Error that names the seed, the broken law and what happened last
 */
export async function simulate(seed: number, turns: number, lines = 60): Promise<SimulationReport> {
  const random = new SeededRandom(seed);
  const directory = mkdtempSync(path.join(tmpdir(), "arc-sim-"));
  // Some worlds are calm, so that much completes; others are not.
  const harm = [0.3, 1, 0][seed % 3]!;
  const rates = { worker: 0.03 * harm, disk: 0.002 * harm, encoder: 0.02 * harm };
  const crashRate = [0.004, 0.01, 0][Math.floor(seed / 3) % 3]!;
  const world = new World({ random, directory, rates, crashRate });
  try {
    await world.open();
    while (world.counts.turns < turns) await world.next();
    await world.finish();
    const { fingerprint, ledger, counts } = world;
    return { seed, fingerprint, takes: ledger.takes.size, ...counts };
  } catch (error) {
    throw new Error(
      `Seed ${seed}, turn ${world.counts.turns}: ${error instanceof Error ? error.message : String(error)}\n` +
        `Replay: npm run sim -- --seed ${seed} --turns ${turns}\nLast:\n${world.recent.slice(-lines).join("\n")}`,
      { cause: error },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
