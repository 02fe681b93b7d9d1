import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildSchedule, flowSigmas, stepCount } from "./schedule.ts";

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

describe("buildSchedule", () => {
  it("gives each frame every level of the shared schedule, later frames later", () => {
    fc.assert(
      fc.property(options, (given) => {
        const schedule = buildSchedule(given);
        const frames = schedule.frame_sigmas;
        if (!frames) return;
        const shared = flowSigmas(given.steps, given.shift);
        for (let t = 0; t < given.latentFrames; t++) {
          const levels = frames.map((row) => row[t]!);
          expect([...new Set(levels)]).toEqual([...new Set(shared)]);
          expect(levels.indexOf(shared[1]!)).toBe(given.lag * t + 1);
        }
      }),
    );
  });

  it("counts the steps of the last frame", () => {
    expect(stepCount(buildSchedule({ steps: 20, shift: 1, latentFrames: 5, lag: 2 }))).toBe(28);
    expect(stepCount(buildSchedule({ steps: 20, shift: 1, latentFrames: 5, lag: 0 }))).toBe(20);
  });
});
