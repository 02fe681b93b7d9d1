import { describe, expect, test } from "vitest";
import {
  changedShare,
  groupBorders,
  keptShare,
  rectangleCells,
  touchedFrames,
} from "./latent-frames.ts";

const LATENTS = { width: 16, height: 16 };

describe("latent frames: what a selection really changes", () => {
  test("the first frame stands alone, the others in groups", () =>
    expect(groupBorders(17, 4)).toEqual([1, 5, 9, 13]));
  test("a range grows to the groups it touches", () => {
    expect(touchedFrames([0, 1], 4, 17)).toEqual([0, 1]);
    expect(touchedFrames([5, 10], 4, 17)).toEqual([5, 13]);
    expect(touchedFrames([5, 9], 4, 17)).toEqual([5, 9]);
    expect(touchedFrames([16, 17], 4, 17)).toEqual([13, 17]);
    expect(touchedFrames([0, 17], 4, 17)).toEqual([0, 17]);
  });
  test("the share that is kept counts latents, not frames", () => {
    expect(keptShare(null, 17, 4, 1)).toBe(0);
    expect(keptShare([5, 10], 17, 4, 1)).toBeCloseTo(3 / 5);
    expect(keptShare([5, 10], 17, 4, 0.25)).toBeCloseTo(0.9);
    expect(keptShare(null, 17, 4, 0.25)).toBeCloseTo(0.75);
  });
  test("a rectangle covers every latent it reaches into", () => {
    const share = (x: number, y: number, width: number, height: number) =>
      changedShare(rectangleCells({ x, y, width, height }, LATENTS), 0);
    expect(share(25, 25, 50, 50)).toBe(0.25);
    expect(share(0, 0, 100, 100)).toBe(1);
    expect(share(26, 25, 50, 50)).toBe((9 * 8) / 256);
    expect(share(0, 0, 2, 2)).toBe(1 / 256);
  });
  test("a feather counts as changed", () => {
    const cells = rectangleCells({ x: 25, y: 25, width: 50, height: 50 }, LATENTS);
    expect(changedShare(cells, 10)).toBeGreaterThan(changedShare(cells, 0));
    expect(changedShare(cells, 0.5)).toBeGreaterThan(0.25);
  });
});
