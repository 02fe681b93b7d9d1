import type { NewEvent, Take } from "@arc-fabric/contract";
import { sampleTake, TAKE_ID } from "@arc-fabric/contract/testing";
import { describe, expect, test } from "vitest";
import { sampleEvent, stepEvent } from "../test/support/samples.ts";
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

  test("steps of another take count as done", () => {
    const from = "take_01jd0000000000000000000001" as Take["id"];
    const take = after(sampleTake(), {
      type: "take.reused",
      data: { ...ofTake, from_take_id: from, steps: 3 },
    });
    expect(take).toMatchObject({ steps_reused: 3, progress: { step: 3 } });
  });

  test("a pause is asked for, comes at the end of the step, and ends in the queue", () => {
    const asked = after(sampleTake({ status: "running", queue_position: null }), {
      type: "take.pause_requested",
      data: ofTake,
    });
    expect(asked).toMatchObject({ status: "running", pause_requested: true });
    const paused = after(asked, { type: "take.paused", data: { ...ofTake, last_step: 2 } });
    expect(paused).toMatchObject({
      status: "paused",
      pause_requested: false,
      progress: { step: 2, remaining_seconds: null },
    });
    const resumed = after(paused, { type: "take.resumed", data: { ...ofTake, last_step: 2 } });
    expect(resumed).toMatchObject({ status: "queued", resumes: 0, progress: { step: 2 } });
  });

  test("a take that lets another one go first waits at its step, and was not interrupted", () => {
    const take = after(sampleTake({ status: "running" }), {
      type: "take.preempted",
      data: { ...ofTake, last_step: 1, by_take_id: null },
    });
    expect(take).toMatchObject({ status: "queued", resumes: 0, progress: { step: 1 } });
  });

  test("another environment, a proof, and changes by hand are taken over", () => {
    const proof: Take["proof"] = {
      kept_path: "stored",
      kept_latents: 3,
      changed_latents: 1,
      kept_equal: true,
      kept_psnr_db: null,
      kept_pixels_equal: true,
    };
    const take = after(
      sampleTake({ status: "running", environment: { threads: 2 } }),
      {
        type: "take.environment_changed",
        data: { ...ofTake, after_step: 2, environment: { threads: 4 } },
      },
      { type: "take.proved", data: { ...ofTake, proof } },
      {
        type: "take.changed",
        data: { ...ofTake, title: "The ball", tags: ["good"], priority: 3 },
      },
    );
    expect(take).toMatchObject({
      environment: { threads: 4 },
      environment_changes: [{ after_step: 2, environment: { threads: 4 } }],
      proof,
      title: "The ball",
      tags: ["good"],
      priority: 3,
    });
  });

  test("an event of another take changes nothing", () => {
    const take = sampleTake();
    const other = "take_01jd0000000000000000000001" as Take["id"];
    expect(after(take, { type: "take.completed", data: { take_id: other } })).toBe(take);
  });
});
