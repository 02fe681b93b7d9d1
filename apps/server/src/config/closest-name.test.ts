import { expect, it } from "vitest";
import { closestName } from "./closest-name.ts";

it.each([
  ["sead", "seed"],
  ["numFrames", "num_frames"],
  ["guidence_scale", "guidance_scale"],
  ["completely_else", null],
  ["x", null],
])("takes %s for %s", (typed, meant) => {
  expect(closestName(typed, ["seed", "num_frames", "guidance_scale", "prompt"])).toBe(meant);
});
