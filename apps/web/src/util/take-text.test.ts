import { describe, expect, test } from "vitest";
import { World } from "../../mock/world.ts";
import { progressText } from "./take-text.ts";

const queued = new World({ stepMs: 1e6, phaseMs: 1e6 }).create({ prompt: "a red ball" });
const running = (
  phase: "denoising" | "loading" | "decoding",
  step: number,
  remaining: number | null,
) =>
  ({
    ...queued,
    status: "running",
    progress: { phase, step, total_steps: 20, step_seconds: 0.5, remaining_seconds: remaining },
  }) as const;

describe("progressText: one line that says where a take stands", () => {
  test("in the queue it tells how many are ahead", () => {
    expect(progressText({ ...queued, queue_position: 1 }, 0).detail).toBe("next to run");
    expect(progressText({ ...queued, queue_position: 4 }, 0).detail).toBe("3 ahead of it");
  });
  test("a take that was interrupted says that it goes on", () =>
    expect(progressText({ ...queued, resumes: 1 }, 0).title).toBe("Goes on from its last step"));
  test("while it forms it tells the step at work and the time left, which falls between two steps", () => {
    expect(progressText(running("denoising", 4, 8), 0)).toEqual({
      title: "Forming the picture",
      detail: "step 5 of 20 · about 8 s left",
      fraction: 0.2,
    });
    expect(progressText(running("denoising", 4, 8), 3_000).detail).toBe(
      "step 5 of 20 · about 5 s left",
    );
    expect(progressText(running("denoising", 20, 0), 0).detail).toBe(
      "step 20 of 20 · almost there",
    );
  });
  test("where the extent is not known there is no fraction", () =>
    expect(progressText(running("loading", 0, null), 0).fraction).toBeNull());
});
