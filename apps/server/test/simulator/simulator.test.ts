import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";

/** One with faults and crashes, one with faults only, one with crashes only. */
const SEEDS = [4, 7, 5];
const TURNS = 1200;

test.each(SEEDS)(
  "seed %i: whatever goes wrong, nothing announced is lost, bytes equal an undisturbed run's, takes end in order, no file is left over",
  { timeout: 120_000 },
  async (seed) => {
    const report = await simulate(seed, TURNS);
    expect(report.completed).toBeGreaterThan(5);
    if (seed === 4) expect(report).toEqual(await simulate(seed, TURNS));
  },
);
