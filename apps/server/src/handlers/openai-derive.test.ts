import type { Take } from "@arc-fabric/contract";
import { describe, expect, it } from "vitest";
import { FAKE_MANIFEST } from "../../test/support/fake-manifest.ts";
import { toEdit, toExtend, toFork, videoIdOf } from "./openai-derive.ts";

const take = (total_steps: number, fps = 8) =>
  ({ progress: { total_steps }, parameters: { fps } }) as unknown as Take;
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const video = { id: "take_1" };

describe("a remix", () => {
  it.each([
    [20, upTo(20), 5],
    [4, upTo(4), 1],
    [24, [5, 10, 15, 20, 24], 5],
    [12, [5, 10, 12], 5],
    [12, [10, 12], 0],
    [1, [1], 0],
    [20, [], 0],
  ])("of %i steps with %j stored forks at step %i", (total, stored, at_step) => {
    expect(toFork({ prompt: "x" }, take(total), stored)).toEqual({
      kind: "fork",
      at_step,
      prompt: "x",
    });
  });
});

describe("an edit", () => {
  it("makes three quarters of the steps again unless told", () => {
    expect(toEdit({ prompt: "x", video, seed: 3 })).toEqual({
      kind: "edit",
      prompt: "x",
      strength: 0.75,
      seed: 3,
    });
    expect(toEdit({ prompt: "x", video, strength: 0.2 })).toMatchObject({ strength: 0.2 });
  });
});

describe("an extension", () => {
  it.each([
    [1, 8, 8],
    [4, 8, 32],
    [0.1, 8, 4],
    [0.7, 8, 4],
    [1, 10, 12],
  ])("of %d s at %i fps adds %i frames: whole groups", (seconds, fps, num_frames) => {
    expect(toExtend({ prompt: "x", video, seconds }, take(4, fps), FAKE_MANIFEST)).toEqual({
      kind: "extend",
      direction: "forward",
      prompt: "x",
      num_frames,
    });
  });
});

it("a video's file is refused with what to send instead", () => {
  expect(videoIdOf(video)).toBe("take_1");
  expect(() => videoIdOf(new Uint8Array(3))).toThrow("send video[id]");
});
