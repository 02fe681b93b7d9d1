import type { Take } from "@arc-fabric/contract";
import { describe, expect, it } from "vitest";
import { FAKE_MANIFEST } from "../../test/support/fake-manifest.ts";
import { toTakeRequest, toVideo } from "./openai-translation.ts";

const take = (change: Partial<Take>) =>
  ({
    id: "take_1",
    status: "running",
    model: "fake-s",
    parameters: { prompt: "x", width: 32, height: 32, num_frames: 9, fps: 8 },
    progress: { step: 1, total_steps: 4 },
    error: null,
    created_at: "2026-01-01T00:00:00.000Z",
    finished_at: null,
    ...change,
  }) as unknown as Take;

describe("a create of the OpenAI shape", () => {
  it.each([
    [4, 17],
    [1, 9],
    [0.5, 5],
    [60, 17],
  ])(
    "%s seconds at 8 fps become %s frames, the nearest the model can do",
    (seconds, num_frames) => {
      expect(toTakeRequest({ prompt: "x", seconds }, FAKE_MANIFEST)).toEqual({
        prompt: "x",
        num_frames,
      });
    },
  );

  it("seconds make clips as long as the model's own limit", () => {
    const { limits, defaults } = FAKE_MANIFEST;
    const longer = {
      limits: { ...limits, num_frames: { ...limits.num_frames, max: 49 } },
      defaults,
    };
    const frames = (seconds: number) => toTakeRequest({ prompt: "x", seconds }, longer).num_frames;
    expect([4, 6, 12].map(frames)).toEqual([33, 49, 49]);
  });

  it("counts seconds at the rate that was asked for", () => {
    expect(
      toTakeRequest({ prompt: "x", seconds: 1, fps: 16, size: "32x32" }, FAKE_MANIFEST),
    ).toEqual({ prompt: "x", fps: 16, num_frames: 17, width: 32, height: 32 });
  });

  it("refuses two lengths", () => {
    expect(() => toTakeRequest({ prompt: "x", seconds: 1, num_frames: 9 }, FAKE_MANIFEST)).toThrow(
      "not both",
    );
  });
});

describe("a take in the OpenAI shape", () => {
  it.each([
    ["queued", "queued"],
    ["running", "in_progress"],
    ["paused", "in_progress"],
    ["completed", "completed"],
    ["failed", "failed"],
    ["cancelled", "failed"],
  ] as const)("%s is shown as %s", (status, shown) => {
    expect(toVideo(take({ status })).status).toBe(shown);
  });

  it("tells a cancelled one by its error and counts progress in percent", () => {
    expect(toVideo(take({ status: "cancelled" })).error?.code).toBe("cancelled");
    expect(toVideo(take({})).progress).toBe(25);
    expect(
      toVideo(take({ status: "completed", finished_at: "2026-01-01T00:00:09.000Z" })),
    ).toMatchObject({ progress: 100, seconds: "1.125", completed_at: 1767225609 });
  });
});
