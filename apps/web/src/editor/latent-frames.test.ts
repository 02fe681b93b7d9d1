import { describe, expect, test } from "vitest";
import { groupBorders, touchedFrames } from "./latent-frames.ts";

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
});
