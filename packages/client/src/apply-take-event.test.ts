import type { NewEvent, Take } from "@arc-fabric/contract";
import { describe, expect, test } from "vitest";
import { sampleEvent, sampleTake, stepEvent, TAKE_ID } from "../test/support/samples.ts";
import { applyTakeEvent } from "./apply-take-event.ts";

function after(take: Take, ...events: NewEvent[]): Take {
  return events.reduce(
    (current, event, i) => applyTakeEvent(current, sampleEvent(i + 1, event)),
    take,
  );
}
const ofTake = { take_id: TAKE_ID };

describe("applyTakeEvent", () => {
  test("the events of a whole life lead from queued to completed", () => {
    let take = after(
      sampleTake(),
      { type: "phase.changed", data: { ...ofTake, phase: "loading" } },
      {
        type: "take.started",
        data: { ...ofTake, resumed_from_step: 0, environment: { threads: 2 } },
      },
      { type: "phase.changed", data: { ...ofTake, phase: "denoising" } },
    );
    expect(take).toMatchObject({
      status: "running",
      queue_position: null,
      environment: { threads: 2 },
    });
    take = applyTakeEvent(applyTakeEvent(take, stepEvent(4, 1)), stepEvent(5, 2));
    expect(take.progress).toEqual({
      phase: "denoising",
      step: 2,
      total_steps: 4,
      step_seconds: 0.5,
      remaining_seconds: 1,
    });
    take = after(take, { type: "take.completed", data: ofTake });
    expect(take).toMatchObject({
      status: "completed",
      progress: { phase: "done", step: 4, remaining_seconds: null },
    });
  });

  test("an interruption puts the take back into the queue at the step it reached", () => {
    const running = sampleTake({ status: "running" });
    const take = after(running, {
      type: "take.interrupted",
      data: { ...ofTake, last_step: 3, reason: "worker lost" },
    });
    expect(take).toMatchObject({
      status: "queued",
      resumes: 1,
      progress: { phase: "queued", step: 3 },
    });
  });

  test("an event of another take changes nothing", () => {
    const take = sampleTake();
    const other = "take_01jd0000000000000000000001" as Take["id"];
    expect(after(take, { type: "take.completed", data: { take_id: other } })).toBe(take);
  });
});
