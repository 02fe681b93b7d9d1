import { expect, it } from "vitest";
import { crashSuite } from "./crash-suite.ts";
import { KINDS } from "./mix.ts";

const SEED = 3;
const POINTS = 3;

it(
  "kill -9 of worker and server in the middle of forks, edits, extensions and hybrids: the same bytes, no event missing, no orphan, no stray file",
  { timeout: 300_000 },
  async () => {
    const report = await crashSuite({ seed: SEED, points: POINTS });
    expect(report.points.map(({ victim }) => victim).toSorted()).toEqual([
      ...new Array<string>(POINTS).fill("server"),
      ...new Array<string>(POINTS).fill("worker"),
    ]);
    expect(report.takes).toBeGreaterThanOrEqual(KINDS.length);
    expect(report.resumes).toBeGreaterThan(0);
  },
);
