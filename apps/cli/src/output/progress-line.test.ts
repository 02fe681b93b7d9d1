import { stripVTControlCharacters } from "node:util";
import type { Take, TakePhase } from "@arc-fabric/contract";
import { stepCompleted } from "@arc-fabric/contract/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sampleTake } from "../../test/support/samples.ts";
import { applyTakeEvent } from "@arc-fabric/client";
import { busyLine, progressLine, progressText } from "./progress-line.ts";
import { createPaint } from "./terminal.ts";

const style = (columns: number, unicode = true) => ({
  columns,
  unicode,
  paint: createPaint(false),
});
const fresh = sampleTake(0, { prompt: "a red ball", num_inference_steps: 20 });
const running = (phase: TakePhase): Take => ({
  ...fresh,
  status: "running",
  queue_position: null,
  progress: { ...fresh.progress, phase },
});
const at = { session_id: fresh.session_id, position: 1, at: "2026-11-21T03:00:01.000Z" };
const afterStep = (step: number) =>
  applyTakeEvent(running("denoising"), { ...stepCompleted(fresh, step), ...at, seq: step });

describe("the progress line", () => {
  test("shows the bar, the step and the time left, which goes down between steps but not below the steps that are left", () => {
    expect(progressLine(afterStep(10), 0, style(80))).toBe(
      "███████████████░░░░░░░░░░░░░░░  Step 10/20  about 15 s left",
    );
    expect(progressLine(afterStep(10), 1, style(80))).toContain("about 14 s left");
    expect(progressLine(afterStep(10), 60, style(80))).toContain("about 14 s left");
  });

  test("uses plain characters where others cannot be shown, and no bar where there is no room", () => {
    expect(progressLine(afterStep(10), 0, style(60, false))).toMatch(
      /^\[#{14}-{14}\] {2}Step 10\/20/,
    );
    expect(progressLine(afterStep(10), 0, style(34))).toBe("Step 10/20  about 15 s left");
  });

  test("is never longer than the terminal is wide", () => {
    const take = fc.oneof(
      fc.integer({ min: 1, max: 20 }).map(afterStep),
      fc.constantFrom<TakePhase>("loading", "encoding", "decoding", "finishing").map(running),
      fc.integer({ min: 1, max: 300 }).map((position) => ({ ...fresh, queue_position: position })),
    );
    fc.assert(
      fc.property(
        take,
        fc.integer({ min: 10, max: 200 }),
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        fc.boolean(),
        (shown, columns, seconds, unicode) => {
          const colours = { ...style(columns, unicode), paint: createPaint(true) };
          expect(
            stripVTControlCharacters(progressLine(shown, seconds, colours)).length,
          ).toBeLessThan(columns);
          expect(busyLine("Starting", seconds, colours).length).toBeGreaterThan(0);
        },
      ),
    );
  });

  test("tells the place in the queue, and what goes on before and after the steps with the seconds it takes", () => {
    expect(progressText({ ...fresh, queue_position: 3 })).toBe("Waiting, 3rd in the queue");
    expect(progressText({ ...fresh, resumes: 1, progress: { ...fresh.progress, step: 4 } })).toBe(
      "Interrupted at step 4; goes on soon",
    );
    expect(progressLine(running("loading"), 3.7, style(80))).toMatch(/Loading the model {2}3 s$/);
  });
});
