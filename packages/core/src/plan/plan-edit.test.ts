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
import { blockRows, editedFrames, planEdit } from "./plan-edit.ts";
import { planGrow } from "./plan-grow.ts";
import { inputsOf, segmentsOf } from "./plan-parts.ts";
import { rowsOf } from "./schedule.ts";

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
    expect(inputsOf(edited)).toContain(digest("mask"));
  });

  it("starts from the parent's own noise at full strength", () => {
    const { plan: edited } = plan(completedTake(), { frames: [0, 1] });
    expect(edited.total_steps).toBe(20);
    expect(edited.start).toMatchObject({ kept: { kind: "noise", seed: 1 } });
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

describe("editedFrames", () => {
  it.each([
    [{ frames: [0, 1] }, [0, 1]],
    [{ frames: [1, 5] }, [1, 2]],
    [{ frames: [4, 6] }, [1, 3]],
    [{ seconds: [0.5, 1] }, [1, 3]],
    [{}, [0, 5]],
  ])("%j means latent frames %j", (request, expected) => {
    expect(editedFrames(completedTake(), edit(request), manifest)).toEqual(expected);
  });

  it.each([
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
