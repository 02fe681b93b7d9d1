import type { Solver } from "@arc-fabric/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { updateLatents, type LatentShape } from "./latent-update.ts";
import { NO_HISTORY, stepCoefficients } from "./solver.ts";

type VelocityField = (x: number, sigma: number) => number;
const SOLVERS: readonly Solver[] = ["euler", "dpmpp_2m"];
const uniform = (steps: number) =>
  Array.from({ length: steps + 1 }, (_, index) => 1 - index / steps);

/** Walks the schedules (one per latent frame) from x = start with the code the worker runs. */
function walk(
  solver: Solver,
  field: VelocityField,
  schedules: readonly (readonly number[])[],
  start: number,
): number[] {
  const frames = schedules.length;
  const shape: LatentShape = [1, frames, 1, 1];
  const latents = new Float32Array(frames).fill(start);
  const clean = new Float32Array(frames);
  const history =
    solver === "dpmpp_2m"
      ? { clean: new Float32Array(frames), sigmas: new Array<number>(frames).fill(NO_HISTORY) }
      : null;
  for (let step = 0; step + 1 < schedules[0]!.length; step++) {
    const levels = schedules.map((sigmas) => sigmas[step]!);
    const next = schedules.map((sigmas) => sigmas[step + 1]!);
    const conditional = latents.map((x, frame) => field(x, levels[frame]!));
    const coefficients = levels.map((sigma, frame) =>
      stepCoefficients(solver, sigma, next[frame]!, history?.sigmas[frame] ?? NO_HISTORY),
    );
    updateLatents(
      latents,
      clean,
      history?.clean ?? null,
      { conditional, unconditional: null, guidanceScale: 1 },
      coefficients,
      shape,
    );
    levels.forEach((sigma, frame) => {
      if (history && next[frame] !== sigma) history.sigmas[frame] = sigma;
    });
  }
  return [...latents];
}

/**
 * Data normally distributed with deviation s: the exact velocity is known in closed form, and so is the path,
 * x(sigma) = x(1)·sqrt((1 - sigma)²s² + sigma²), which ends at s·x(1).
 */
const DEVIATION = 0.5;
const gaussian: VelocityField = (x, sigma) => {
  const variance = (1 - sigma) ** 2 * DEVIATION ** 2 + sigma ** 2;
  return (x * (sigma - (1 - sigma) * DEVIATION ** 2)) / variance;
};

describe("solvers", () => {
  test.each(SOLVERS)("%s is exact on straight paths, with any schedule", (solver) => {
    const levels = fc
      .uniqueArray(fc.integer({ min: 1, max: 199 }), { maxLength: 12 })
      .map((all) => all.map((level) => level / 200));
    fc.assert(
      fc.property(
        levels,
        fc.double({ min: -3, max: 3, noNaN: true }),
        fc.double({ min: -3, max: 3, noNaN: true }),
        (inner, noise, clean) => {
          const sigmas = [1, ...inner.toSorted((a, b) => b - a), 0];
          const [end] = walk(solver, () => noise - clean, [sigmas], noise);
          expect(end).toBeCloseTo(clean, 4);
        },
      ),
    );
  });

  test("levels that are almost equal do not blow up the second-order solver", () => {
    expect(
      walk("dpmpp_2m", () => 0.5, [[1, 0.5 + 2e-16, 0.5 + 1e-16, 0.5, 0.25, 0]], 1)[0],
    ).toBeCloseTo(0.5, 5);
  });

  // Not the full second order: the first two steps and the last are of first order by necessity, see solver.ts.
  test("on curved paths the second-order solver is far closer than Euler and its error falls faster", () => {
    const error = (solver: Solver, steps: number) =>
      Math.abs(walk(solver, gaussian, [uniform(steps)], 1)[0]! - DEVIATION);
    for (const steps of [20, 40, 80])
      expect(error("dpmpp_2m", steps)).toBeLessThan(error("euler", steps) / 3);
    expect(error("euler", 20) / error("euler", 80)).toBeGreaterThan(3);
    expect(error("dpmpp_2m", 20) / error("dpmpp_2m", 80)).toBeGreaterThan(6);
  });

  test.each(SOLVERS)(
    "frames at levels of their own end where each would end alone: %s",
    (solver) => {
      const steps = 12;
      const lag = 3;
      const trailing = (delay: number) =>
        Array.from({ length: steps + 1 + lag * 2 }, (_, step) =>
          Math.min(1, Math.max(0, 1 - (step - delay) / steps)),
        );
      const together = walk(solver, gaussian, [0, lag, 2 * lag].map(trailing), 1);
      const [alone] = walk(solver, gaussian, [uniform(steps)], 1);
      for (const end of together) expect(end).toBeCloseTo(alone!, 6);
    },
  );

  test("a frame that does not move keeps its bits", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.float({ noNaN: true, noDefaultInfinity: true }),
        (sigma, value) => {
          const latents = Float32Array.of(value);
          const previous = Float32Array.of(0.25);
          const coefficients = [stepCoefficients("dpmpp_2m", sigma, sigma, 0.9)];
          updateLatents(
            latents,
            new Float32Array(1),
            previous,
            { conditional: Float32Array.of(3), unconditional: null, guidanceScale: 1 },
            coefficients,
            [1, 1, 1, 1],
          );
          expect(latents[0]).toBe(value);
          expect(previous[0]).toBe(0.25);
        },
      ),
    );
  });

  test("guidance moves away from the unconditional velocity by its scale", () => {
    const latents = Float32Array.of(1);
    const clean = new Float32Array(1);
    const velocity = {
      conditional: Float32Array.of(0.5),
      unconditional: Float32Array.of(0.25),
      guidanceScale: 3,
    };
    updateLatents(
      latents,
      clean,
      null,
      velocity,
      [stepCoefficients("euler", 1, 0.5, NO_HISTORY)],
      [1, 1, 1, 1],
    );
    expect(clean[0]).toBe(0);
    expect(latents[0]).toBe(0.5);
  });
});
