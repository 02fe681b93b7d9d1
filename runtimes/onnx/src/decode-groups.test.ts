import { expect, test } from "vitest";
import { toRgb24 } from "./decode-groups.ts";

test("planes become interleaved bytes: rounded to nearest, clamped, frames chosen", () => {
  const frame = (red: number[], green: number[], blue: number[]) => [...red, ...green, ...blue];
  const planar = Float32Array.from([
    ...frame([0, 0], [0, 0], [0, 0]),
    ...frame([0.5, -0.2], [1, 1.7], [0.25, 1 / 255]),
  ]);
  expect([...toRgb24(planar, 1, 2, 2)]).toEqual([128, 255, 64, 0, 255, 1]);
  expect(toRgb24(planar, 0, 2, 2)).toHaveLength(12);
});
