import { expect, test } from "vitest";
import { blendKept } from "./mask.ts";

test("under 0 the kept value is copied, whatever the solver made; under 1 the new one stays; between lies the line", () => {
  const clip = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, 3, 5);
  const kept = Float32Array.of(0.1, -0, 7, 1);
  blendKept(clip, kept, Float32Array.of(0, 0, 1, 0.25), [1, 1, 2, 2]);
  expect([...clip]).toEqual([Math.fround(0.1), -0, 3, 2]);
});
