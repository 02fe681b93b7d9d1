import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flowSigmas, flowTail, laggedRows, rowsOf, scheduleOf } from "./schedule.ts";

const options = fc.record({
  steps: fc.integer({ min: 1, max: 60 }),
  shift: fc.double({ min: 0.1, max: 20, noNaN: true }),
  latentFrames: fc.integer({ min: 1, max: 12 }),
  lag: fc.integer({ min: 0, max: 8 }),
});

describe("flowSigmas", () => {
  it("is evenly spaced without a shift", () => {
    expect(flowSigmas(4, 1)).toEqual([1, 0.75, 0.5, 0.25, 0]);
  });

  it("follows the shift law at its middle", () => {
    expect(flowSigmas(2, 3)[1]).toBeCloseTo(0.75);
  });

  it("falls strictly from 1 to 0 for any shift", () => {
    fc.assert(
      fc.property(options, ({ steps, shift }) => {
        const sigmas = flowSigmas(steps, shift);
        expect(sigmas[0]).toBe(1);
        expect(sigmas.at(-1)).toBe(0);
        for (let k = 1; k < sigmas.length; k++) expect(sigmas[k]!).toBeLessThan(sigmas[k - 1]!);
      }),
    );
  });
});

describe("flowTail", () => {
  it("goes on from any level of a schedule as the schedule itself would", () => {
    fc.assert(
      fc.property(options, fc.nat(), ({ steps, shift }, at) => {
        const sigmas = flowSigmas(steps, shift);
        const k = at % steps;
        flowTail(sigmas[k]!, steps - k, shift).forEach((level, i) =>
          expect(level).toBeCloseTo(sigmas[k + i]!, 9),
        );
      }),
    );
  });
});

describe("laggedRows", () => {
  it("gives each frame every level of the shared schedule, later frames later", () => {
    fc.assert(
      fc.property(options, ({ steps, shift, latentFrames, lag }) => {
        const sigmas = flowSigmas(steps, shift);
        const rows = laggedRows(sigmas, latentFrames, lag);
        expect(rows).toHaveLength(steps + 1 + lag * (latentFrames - 1));
        for (let t = 0; t < latentFrames; t++) {
          const levels = rows.map((row) => row[t]!);
          expect([...new Set(levels)]).toEqual([...new Set(sigmas)]);
          expect(levels.indexOf(sigmas[1]!)).toBe(lag * t + 1);
        }
      }),
    );
  });
});

describe("scheduleOf", () => {
  it("keeps every row, and only those of frames that differ one by one", () => {
    const shared = [
      [1, 1],
      [0, 0],
    ];
    const apart = [
      [1, 1],
      [0, 1],
      [0, 0],
    ];
    expect(scheduleOf(shared)).toEqual({ sigmas: [1, 0] });
    expect(scheduleOf(apart).sigmas).toEqual([1, 0.5, 0]);
    for (const rows of [shared, apart])
      expect(rowsOf({ schedule: scheduleOf(rows), shape: [1, 2, 1, 1] })).toEqual(rows);
  });
});
