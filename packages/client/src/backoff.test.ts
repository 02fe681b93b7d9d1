import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";

test("the delay doubles, is never above the bound nor below half of it, and is spread by chance", () => {
  const range = { baseMs: 500, maxMs: 15_000 };
  fc.assert(
    fc.property(fc.nat(1000), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, random) => {
      const ceiling = Math.min(15_000, 500 * 2 ** attempt);
      const delay = backoffMs(attempt, range, random);
      expect(delay).toBeGreaterThanOrEqual(Math.floor(ceiling / 2));
      expect(delay).toBeLessThanOrEqual(ceiling);
    }),
  );
  expect(backoffMs(2, range, 0)).not.toBe(backoffMs(2, range, 0.9));
});
