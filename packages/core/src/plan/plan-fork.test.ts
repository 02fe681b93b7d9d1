import { deriveRequestSchema, type DeriveRequestOf } from "@arc-fabric/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completedTake, digest, models, refusal, takeOf } from "../../test/support/samples.ts";
import { planDerivations } from "./derivation.ts";
import { planEdit } from "./plan-edit.ts";
import { planFork } from "./plan-fork.ts";
import { segmentsOf } from "./plan-parts.ts";
import { rowsOf } from "./schedule.ts";

const fork = (request: object) =>
  deriveRequestSchema.parse({ kind: "fork", ...request }) as DeriveRequestOf<"fork">;
const STAGES = [
  { model: "tiny", steps: 12 },
  { model: "tiny-2", steps: 8 },
];

describe("planFork", () => {
  it("keeps the parent's states up to the step and none after it, whatever is changed", () => {
    const change = fc.oneof(
      fc.constant({ prompt: "a star" }),
      fc.constant({ negative_prompt: "blur" }),
      fc.constant({ guidance_scale: 7 }),
      fc.constant({ solver: "dpmpp_2m" }),
      fc.constant({ model: "tiny-2" }),
      fc.constant({ remaining_steps: 30 }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 19 }), change, (step, changed) => {
        const parent = completedTake();
        const { plan, inheritedSteps } = planFork(
          parent,
          fork({ at_step: step, ...changed }),
          models,
        );
        const before = planDerivations(parent.plan);
        const after = planDerivations(plan);
        expect(inheritedSteps).toBe(step);
        expect(after.slice(0, step)).toEqual(before.slice(0, step));
        expect(after[step]).not.toBe(before[step]);
      }),
    );
  });

  it("is the same trajectory when nothing is changed", () => {
    const parent = completedTake({ stages: STAGES, solver: "dpmpp_2m" });
    for (const at_step of [0, 5, 12, 19])
      expect(planDerivations(planFork(parent, fork({ at_step }), models).plan)).toEqual(
        planDerivations(parent.plan),
      );
  });

  it("carries the solver's history unless solver or model change, and says so", () => {
    const parent = completedTake({ solver: "dpmpp_2m" });
    const historyOf = (request: object) =>
      segmentsOf(planFork(parent, fork({ at_step: 8, ...request }), models).plan, "denoise").at(-1)!
        .history;
    expect(historyOf({ prompt: "a star" })).toBe("carry");
    expect(historyOf({ solver: "euler" })).toBe("reset");
    expect(historyOf({ model: "tiny-2" })).toBe("reset");
    expect(historyOf({ model: "tiny-2", history: "carry" })).toBe("carry");
    expect(historyOf({ prompt: "a star", history: "reset" })).toBe("reset");
  });

  it("replaces the remaining schedule", () => {
    const parent = completedTake();
    const longer = planFork(parent, fork({ at_step: 10, remaining_steps: 4 }), models);
    expect(longer.plan.total_steps).toBe(14);
    expect(longer.parameters.num_inference_steps).toBe(14);
    expect(longer.plan.schedule.sigmas.slice(0, 11)).toEqual(
      parent.plan.schedule.sigmas.slice(0, 11),
    );
    const given = planFork(parent, fork({ at_step: 10, sigmas: [0.2, 0] }), models);
    expect(
      rowsOf(given.plan)
        .slice(-2)
        .map((row) => row[0]),
    ).toEqual([0.2, 0]);
  });

  it("says of a cache that it took over only what is left of it", () => {
    const parent = completedTake({ cache: { start: 4, end: 16, interval: 2 } });
    const cacheOf = (request: object) =>
      planFork(parent, fork({ at_step: 2, ...request }), models).parameters.cache;
    expect(cacheOf({ prompt: "a star" })).toEqual(parent.parameters.cache);
    expect(cacheOf({ remaining_steps: 6 })).toEqual({ start: 4, end: 8, interval: 2 });
    expect(cacheOf({ remaining_steps: 3 })).toBeNull();
  });

  it("forks a fork, and a hybrid at its hand-over", () => {
    const first = planFork(
      completedTake({ stages: STAGES }),
      fork({ at_step: 12, prompt: "a star" }),
      models,
    );
    const again = planFork(
      takeOf(first, completedTake().id),
      fork({ at_step: 6, prompt: "a cube" }),
      models,
    );
    expect(
      segmentsOf(again.plan, "denoise").map(({ from, to, model }) => [from, to, model]),
    ).toEqual([
      [0, 6, "tiny"],
      [6, 12, "tiny"],
      [12, 20, "tiny-2"],
    ]);
    expect(segmentsOf(again.plan, "encode").map(({ prompt }) => prompt)).toEqual([
      "a ball",
      "a cube",
      "a cube",
    ]);
  });

  it("divides an edit's kept states between its segments", () => {
    const parent = completedTake();
    const steps = Array.from({ length: 20 }, (_, i) => i + 1);
    const sources = {
      parent,
      clean: digest("clean"),
      states: new Map(steps.map((step) => [step, digest(`state ${step}`)])),
      mask: digest("mask"),
      frames: [1, 2] as const,
      seed: 9,
    };
    const edited = takeOf(planEdit(sources, { kind: "edit" }, models), parent.id);
    const { plan } = planFork(edited, fork({ at_step: 8, prompt: "a star" }), models);
    const segments = segmentsOf(plan, "denoise");
    expect(segments.map(({ from, to }) => [from, to])).toEqual([
      [0, 8],
      [8, 20],
    ]);
    for (const { from, to, keep } of segments)
      expect(keep!.states).toEqual(steps.slice(from, to).map((step) => digest(`state ${step}`)));
  });

  it("hands over only to a model that can see the clip", () => {
    const long = completedTake({ num_frames: 17 });
    const short = fork({ at_step: 5, model: "short" });
    expect(refusal(() => planFork(long, short, models))).toMatchObject({
      code: "unsupported_value",
      field: "model",
    });
    expect(refusal(() => planFork(completedTake({ num_frames: 9 }), short, models))).toBeNull();
    const plain = fork({ at_step: 5, model: "plain" });
    expect(refusal(() => planFork(completedTake({ frame_lag: 1 }), plain, models))).toMatchObject({
      code: "unsupported_value",
    });
    expect(refusal(() => planFork(completedTake(), plain, models))).toBeNull();
    expect(refusal(() => completedTake({ model: "plain", frame_lag: 1 }))).toMatchObject({
      field: "frame_lag",
    });
    const stages = [
      { model: "tiny", steps: 10 },
      { model: "short", steps: 10 },
    ];
    expect(refusal(() => completedTake({ stages }))).toMatchObject({
      code: "unsupported_value",
      field: "stages",
    });
  });

  it("carries no history from one solver to another, whatever the take's parameters say", () => {
    const parent = takeOf(
      planFork(completedTake(), fork({ at_step: 12, solver: "dpmpp_2m" }), models),
      completedTake().id,
    );
    const carry = (request: object) => () =>
      planFork(parent, fork({ ...request, history: "carry" }), models);
    const refused = { code: "illegal_derivation", field: "history" };
    // Up to step 12 euler computed; what the take is called after is the solver of its last steps.
    expect(refusal(carry({ at_step: 6, solver: "dpmpp_2m" }))).toMatchObject(refused);
    expect(refusal(carry({ at_step: 12 }))).toMatchObject(refused);
    expect(refusal(carry({ at_step: 6 }))).toBeNull();
    expect(refusal(carry({ at_step: 14, solver: "dpmpp_2m" }))).toBeNull();
  });

  it.each([
    [{ at_step: 20 }, "unsupported_value", "at_step"],
    [{ at_step: 5, seed: 3 }, "illegal_derivation", "seed"],
    [{ at_step: 5, model: "other" }, "latent_space_mismatch", "model"],
    [{ at_step: 5, sigmas: [0.9, 0] }, "schedule_mismatch", "sigmas"],
    [{ at_step: 5, sigmas: [0.2, 0.1] }, "schedule_mismatch", "sigmas"],
    [{ at_step: 5, sigmas: [0], remaining_steps: 3 }, "illegal_derivation", "sigmas"],
    [{ at_step: 5, remaining_steps: 1e15 }, "unsupported_value", "num_inference_steps"],
    [
      { at_step: 5, sigmas: Array.from({ length: 96 }, (_, i) => 0.7 - i / 150) },
      "unsupported_value",
      "num_inference_steps",
    ],
    [{ at_step: 5, solver: "dpmpp_2m", history: "carry" }, "illegal_derivation", "history"],
    [{ at_step: 0, history: "carry" }, "illegal_derivation", "history"],
    [{ at_step: 5, cache: { start: 8, end: 6, interval: 2 } }, "schedule_mismatch", "cache"],
    [{ at_step: 5, cache: { start: 8, end: 21, interval: 2 } }, "schedule_mismatch", "cache"],
    [{ at_step: 5, cache: { start: 0, end: 5, interval: 2 } }, "schedule_mismatch", "cache"],
    [{ at_step: 5, cache: { start: 5, end: 6, interval: 3 } }, "schedule_mismatch", "cache"],
    [
      { at_step: 5, remaining_steps: 3, cache: { start: 6, end: 9, interval: 2 } },
      "schedule_mismatch",
      "cache",
    ],
  ])("refuses %j", (request, code, field) => {
    expect(refusal(() => planFork(completedTake(), fork(request), models))).toMatchObject({
      code,
      field,
    });
  });
});
