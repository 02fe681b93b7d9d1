import { deriveRequestSchema, type DeriveRequestOf, type Take } from "@arc-fabric/contract";
import { describe, expect, it } from "vitest";
import {
  completedTake,
  digest,
  manifest,
  models,
  refusal,
  takeOf,
} from "../../test/support/samples.ts";
import { editedFrames, planEdit } from "./plan-edit.ts";
import { planGrow } from "./plan-grow.ts";
import { inputsOf, segmentsOf } from "./plan-parts.ts";
import { rowsOf } from "./schedule.ts";
import { blockRows } from "./windows.ts";

const edit = (request: object) =>
  deriveRequestSchema.parse({ kind: "edit", ...request }) as DeriveRequestOf<"edit">;

function plan(parent: Take, request: object, missing: readonly number[] = []) {
  const parsed = edit(request);
  const steps = Array.from({ length: parent.plan.total_steps }, (_, i) => i + 1);
  const states = new Map(
    steps.filter((step) => !missing.includes(step)).map((step) => [step, digest(`state ${step}`)]),
  );
  const sources = {
    parent,
    clean: digest("clean"),
    states,
    mask: digest("mask"),
    frames: editedFrames(parent, parsed, manifest),
    seed: 9,
  };
  return planEdit(sources, parsed, models);
}

describe("planEdit", () => {
  it("makes the last steps again along the parent's stored states and ends on its clean latents", () => {
    const { plan: edited } = plan(completedTake(), {
      prompt: "a star",
      frames: [5, 9],
      strength: 0.5,
    });
    expect(edited.total_steps).toBe(10);
    expect(edited.start).toMatchObject({
      kind: "renoise",
      seed: 9,
      kept_seed: 1,
      kept: { kind: "state", digest: digest("state 10") },
    });
    const [segment] = segmentsOf(edited, "denoise");
    expect(segment!.keep!.states).toEqual(
      Array.from({ length: 10 }, (_, i) => digest(`state ${11 + i}`)),
    );
    expect(edited.schedule.sigmas).toEqual(completedTake().plan.schedule.sigmas.slice(10));
    const { states, inputs } = inputsOf(edited);
    expect(inputs).toEqual([digest("mask")]);
    const read = Array.from({ length: 11 }, (_, i) => digest(`state ${10 + i}`));
    expect(states.toSorted()).toEqual([digest("clean"), ...read].toSorted());
  });

  it("starts from the parent's own noise at full strength", () => {
    const { plan: edited } = plan(completedTake(), { frames: [0, 1] });
    expect(edited.total_steps).toBe(20);
    expect(edited.start).toMatchObject({ kept: { kind: "noise", seed: 1 } });
  });

  it("makes the share of the steps that was asked for, and no more", () => {
    const parent = completedTake({ num_inference_steps: 25 });
    expect(plan(parent, { strength: 0.28 }).plan.total_steps).toBe(7);
    expect(plan(parent, { strength: 0.29 }).plan.total_steps).toBe(8);
    expect(plan(parent, { strength: 1e-9 }).plan.total_steps).toBe(1);
  });

  it("refuses more steps than a take can have", () => {
    const request = { kind: "extend", num_frames: 400, num_inference_steps: 4 };
    const grown = planGrow(
      { parent: completedTake(), clean: digest("clean"), seed: 3 },
      deriveRequestSchema.parse(request) as DeriveRequestOf<"extend">,
      models,
    );
    const parent = takeOf(grown, completedTake().id);
    parent.parameters.num_inference_steps = 50;
    expect(refusal(() => plan(parent, {}))).toMatchObject({
      code: "unsupported_value",
      field: "frames",
    });
  });

  it("follows a hybrid's models", () => {
    const stages = [
      { model: "tiny", steps: 12 },
      { model: "tiny-2", steps: 8 },
    ];
    const { plan: edited } = plan(completedTake({ stages }), { strength: 0.5 });
    expect(segmentsOf(edited, "denoise").map(({ model, from, to }) => [model, from, to])).toEqual([
      ["tiny", 0, 2],
      ["tiny-2", 2, 10],
    ]);
  });

  it("says of models and cache only what it uses", () => {
    const stages = [
      { model: "tiny", steps: 12 },
      { model: "tiny-2", steps: 8 },
    ];
    const parent = completedTake({ stages, cache: { start: 4, end: 16, interval: 2 } });
    expect(plan(parent, {}).parameters).toMatchObject({ stages, cache: null });
    // Along the straight line one model makes all steps.
    expect(plan(parent, { frames: [5, 9] }, [14]).parameters).toMatchObject({
      stages: null,
      cache: null,
    });
  });

  it("keeps to the straight line where a state was thinned out", () => {
    const { plan: edited } = plan(completedTake(), { frames: [5, 9] }, [14]);
    expect(edited.start).toMatchObject({ kept: null });
    expect(segmentsOf(edited, "denoise")[0]!.keep!.states.every((state) => state === null)).toBe(
      true,
    );
    for (const row of rowsOf(edited)) expect([row[0], row[1], row[3]]).toEqual([0, 0, 0]);
  });

  it("edits a clip that is longer than the net sees, window by window", () => {
    const parent = completedTake();
    const grown = planGrow(
      { parent, clean: digest("clean"), seed: 3 },
      deriveRequestSchema.parse({ kind: "extend", num_frames: 16 }) as DeriveRequestOf<"extend">,
      models,
    );
    const { plan: edited } = plan(takeOf(grown, parent.id), { frames: [10, 29], strength: 0.5 });
    const windows = segmentsOf(edited, "denoise").map(({ window }) => window);
    expect(windows.every(([from, to]) => to - from <= (from === 0 ? 5 : 4))).toBe(true);
    const rows = rowsOf(edited);
    expect(rows[0]!.map((level) => level > 0)).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(rows.at(-1)!.every((level) => level === 0)).toBe(true);
  });
});

describe("an edit of a stream's block", () => {
  const block = () => {
    const first = completedTake();
    const request = deriveRequestSchema.parse({ kind: "continue", num_frames: 8 });
    const sources = { parent: first, clean: digest("clean"), seed: 3 };
    const grown = planGrow(sources, request as DeriveRequestOf<"continue">, models);
    return takeOf(grown, first.id);
  };

  it.each([{}, { strength: 0.5 }, { frames: [0, 4] }])(
    "%j is made behind the block's context, and never looks at the noise in the place of its first frame",
    (request) => {
      const parent = block();
      const made = segmentsOf(parent.plan, "denoise");
      const { plan: edited } = plan(parent, request);
      for (const { window } of segmentsOf(edited, "denoise"))
        expect(window[0]).toBeGreaterThanOrEqual(1);
      for (const row of rowsOf(edited)) expect(row.slice(0, 4)).toEqual([1, 0, 0, 0]);
      expect(made[0]!.window[0]).toBe(1);
    },
  );
});

describe("editedFrames", () => {
  it.each([
    // What a person reads of this clip is that it is 2.13 s long.
    [{ seconds: [2, 2.13] }, [4, 5]],
    [{ seconds: [0.625, 2.125] }, [2, 5]],
    [{ frames: [0, 1] }, [0, 1]],
    [{ frames: [1, 5] }, [1, 2]],
    [{ frames: [4, 6] }, [1, 3]],
    [{ seconds: [0.5, 1] }, [1, 3]],
    [{}, [0, 5]],
  ])("%j means latent frames %j", (request, expected) => {
    expect(editedFrames(completedTake(), edit(request), manifest)).toEqual(expected);
  });

  it("takes a clip's own length as its end, whatever its rate", () => {
    for (let fps = 1; fps <= 30; fps++) {
      const parent = completedTake({ fps });
      const whole = { seconds: [0, 17 / fps] };
      expect(editedFrames(parent, edit(whole), manifest)).toEqual([0, 5]);
      const frame = { seconds: [9 / fps, 13 / fps] };
      expect(editedFrames(parent, edit(frame), manifest)).toEqual([3, 4]);
    }
  });

  it.each([
    [{ seconds: [0, 2.2] }, "range_outside_clip"],
    [{ frames: [3, 3] }, "range_outside_clip"],
    [{ frames: [0, 18] }, "range_outside_clip"],
    [{ seconds: [0, 60] }, "range_outside_clip"],
    [{ frames: [0, 1], seconds: [0, 1] }, "illegal_derivation"],
  ])("refuses %j", (request, code) => {
    expect(refusal(() => editedFrames(completedTake(), edit(request), manifest))).toMatchObject({
      code,
    });
  });
});

describe("blockRows", () => {
  it("lets each block wait, walk and stay", () => {
    expect(
      blockRows(
        3,
        [
          [1, 2],
          [2, 3],
        ],
        [1, 0.5, 0],
      ),
    ).toEqual([
      [0, 1, 1],
      [0, 0.5, 1],
      [0, 0, 1],
      [0, 0, 0.5],
      [0, 0, 0],
    ]);
  });
});
