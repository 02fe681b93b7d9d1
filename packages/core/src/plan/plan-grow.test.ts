import { deriveRequestSchema, type DeriveRequestOf, type Take } from "@arc-fabric/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completedTake, digest, models, refusal, takeOf } from "../../test/support/samples.ts";
import { planDerivations } from "./derivation.ts";
import { planConcatenate } from "./plan-concatenate.ts";
import { planGrow } from "./plan-grow.ts";
import { decodeOf, segmentsOf } from "./plan-parts.ts";
import { rowsOf } from "./schedule.ts";
import { windowsOver } from "./windows.ts";

type Grow = DeriveRequestOf<"extend"> | DeriveRequestOf<"insert"> | DeriveRequestOf<"loop">;
const clean = digest("clean");
const grow = (parent: Take, request: object) =>
  planGrow({ parent, clean, seed: 3 }, deriveRequestSchema.parse(request) as Grow, models);

describe("planGrow", () => {
  it("extends at the end, block by block, with the clip before it as context", () => {
    const { plan, parameters } = grow(completedTake(), { kind: "extend", num_frames: 16 });
    expect(parameters.num_frames).toBe(33);
    expect(plan.start).toMatchObject({
      kind: "compose",
      pieces: [
        { kind: "latents", digest: clean, frames: [0, 5] },
        { kind: "noise", frames: 4 },
      ],
    });
    expect(segmentsOf(plan, "denoise").map(({ from, to, window }) => [from, to, window])).toEqual([
      [0, 20, [2, 6]],
      [20, 40, [3, 7]],
      [40, 60, [4, 8]],
      [60, 80, [5, 9]],
    ]);
    expect(rowsOf(plan)[20]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1]);
    const wider = grow(completedTake(), { kind: "extend", num_frames: 16, context_frames: 2 });
    expect(segmentsOf(wider.plan, "denoise").map(({ window }) => window)).toEqual([
      [3, 7],
      [5, 9],
    ]);
  });

  it("shows finished frames under the noise that each was made from, wherever it stands now", () => {
    const contexts = (parent: Take, request: object) =>
      segmentsOf(grow(parent, request).plan, "denoise").map(({ context }) => context);
    const { seed } = completedTake().parameters;
    const shares = { share: 0.5, negative_share: 1 };
    const extend = { kind: "extend", num_frames: 8, context_frames: 2 };
    expect(contexts(completedTake(), { ...extend, num_frames: 12 })).toEqual([
      [{ frames: [3, 5], seed, at: 3, ...shares }],
      [{ frames: [5, 7], seed: 3, at: 5, ...shares }],
    ]);
    expect(contexts(completedTake(), { ...extend, direction: "backward" })).toEqual([
      [{ frames: [3, 5], seed, at: 1, ...shares }],
    ]);
    expect(contexts(completedTake(), { kind: "continue", num_frames: 4 })).toEqual([
      [{ frames: [1, 4], seed, at: 2, ...shares }],
    ]);
    const longer = takeOf(grow(completedTake(), extend), completedTake().id);
    expect(contexts(longer, { ...extend, num_frames: 4, context_frames: 3 })).toEqual([
      [
        { frames: [4, 5], seed, at: 4, ...shares },
        { frames: [5, 7], seed: 3, at: 5, ...shares },
      ],
    ]);
  });

  it("tells states made under a context's noise from those made without", () => {
    const { plan } = grow(completedTake(), { kind: "extend", num_frames: 4 });
    const segments = plan.segments.map((segment) =>
      segment.type === "denoise" ? { ...segment, context: undefined } : segment,
    );
    const [seen, unseen] = [plan, { ...plan, segments }].map(planDerivations);
    expect(seen!.filter((derivation) => unseen!.includes(derivation))).toEqual([]);
  });

  it("extends in one piece where the net sees enough, and looks at what it is told to, or at the whole clip where that costs no more", () => {
    const windows = (request: object, of = completedTake({ model: "wide" })) => {
      const { plan } = grow(of, request);
      return segmentsOf(plan, "denoise").map(({ window }) => window);
    };
    expect(windows({ kind: "extend", num_frames: 32 })).toEqual([[0, 13]]);
    expect(windows({ kind: "extend", num_frames: 32, context_frames: 2 })).toEqual([[3, 13]]);
    expect(windows({ kind: "loop", num_frames: 16 })).toEqual([[0, 10]]);
    const middle = completedTake({ model: "wide", num_frames: 33 });
    expect(windows({ kind: "extend", num_frames: 16 }, middle)).toEqual([[6, 13]]);
    expect(windows({ kind: "insert", at_frame: 17, num_frames: 8 }, middle)).toEqual([[2, 10]]);
    const long = completedTake({ model: "wide", num_frames: 49 });
    // An absent first frame, three groups of context and nine new ones: thirteen.
    expect(windows({ kind: "extend", num_frames: 36 }, long)).toEqual([[10, 22]]);
    expect(windows({ kind: "extend", num_frames: 40 }, long)).toEqual([
      [10, 22],
      [19, 23],
    ]);
    expect(windows({ kind: "extend", direction: "backward", num_frames: 36 }, long)).toEqual([
      [0, 13],
    ]);
    expect(windows({ kind: "insert", at_frame: 25, num_frames: 8 }, long)).toEqual([[4, 12]]);
    expect(windows({ kind: "loop", num_frames: 32 }, long)).toEqual([[10, 22]]);
    expect(windows({ kind: "loop", num_frames: 40 }, long)).toEqual([[12, 24]]);
    expect(windows({ kind: "continue", num_frames: 36 }, long)).toEqual([[1, 13]]);
  });

  it("extends at the beginning and makes the old first latent frame anew", () => {
    const { plan, parameters } = grow(completedTake(), {
      kind: "extend",
      direction: "backward",
      num_frames: 8,
    });
    expect(parameters.num_frames).toBe(25);
    expect(plan.start).toMatchObject({
      pieces: [
        { kind: "noise", frames: 3 },
        { kind: "latents", frames: [1, 5] },
      ],
    });
    expect(rowsOf(plan)[0]).toEqual([1, 1, 1, 0, 0, 0, 0]);
  });

  it("inserts between two groups", () => {
    const { plan, parameters } = grow(completedTake(), {
      kind: "insert",
      at_frame: 9,
      num_frames: 4,
    });
    expect(parameters.num_frames).toBe(21);
    expect(plan.start).toMatchObject({
      pieces: [
        { kind: "latents", frames: [0, 3] },
        { kind: "noise", frames: 1 },
        { kind: "latents", frames: [3, 5] },
      ],
    });
  });

  it("loops to the beginning, which is looked at but not shown twice", () => {
    const { plan, parameters } = grow(completedTake(), { kind: "loop", num_frames: 8 });
    expect(parameters.num_frames).toBe(25);
    expect(plan.shape[1]).toBe(8);
    expect(decodeOf(plan).pieces).toEqual([{ state: null, frames: [0, 7], first: true }]);
    expect(segmentsOf(plan, "denoise").at(-1)!.window[1]).toBe(8);
  });

  it("continues a stream with blocks that are no longer than what they show and look at", () => {
    const first = grow(completedTake(), { kind: "continue", num_frames: 8 });
    const again = grow(takeOf(first, completedTake().id), { kind: "continue", num_frames: 8 });
    for (const { plan, parameters } of [first, again]) {
      expect(plan.shape[1]).toBe(6);
      expect(parameters.num_frames).toBe(8);
      expect(decodeOf(plan).pieces).toEqual([{ state: null, frames: [4, 6], first: false }]);
      expect(segmentsOf(plan, "denoise").map(({ window }) => window)).toEqual([
        [1, 5],
        [2, 6],
      ]);
      expect(rowsOf(plan).at(-1)).toEqual([1, 0, 0, 0, 0, 0]);
    }
    expect(first.plan.start).toMatchObject({
      pieces: [
        { kind: "noise", frames: 1 },
        { kind: "latents", frames: [2, 5] },
        { kind: "noise", frames: 2 },
      ],
    });
    const refused = refusal(() =>
      grow(takeOf(first, completedTake().id), { kind: "loop", num_frames: 8 }),
    );
    expect(refused).toMatchObject({ code: "illegal_derivation" });
  });

  it.each([
    [{ kind: "extend", num_frames: 7 }, "unsupported_value", "num_frames"],
    [{ kind: "insert", at_frame: 10, num_frames: 4 }, "unsupported_value", "at_frame"],
    [{ kind: "insert", at_frame: 17, num_frames: 4 }, "range_outside_clip", "at_frame"],
    [{ kind: "extend", num_frames: 4000 }, "unsupported_value", "num_frames"],
    [{ kind: "extend", num_frames: 4e15 }, "unsupported_value", "num_frames"],
    [
      { kind: "loop", num_frames: 4, num_inference_steps: 101 },
      "unsupported_value",
      "num_inference_steps",
    ],
  ])("refuses %j", (request, code, field) => {
    expect(refusal(() => grow(completedTake(), request))).toMatchObject({ code, field });
  });

  it("refuses a model that cannot see frames at levels of their own", () => {
    const refused = refusal(() =>
      grow(completedTake({ model: "plain" }), { kind: "loop", num_frames: 8 }),
    );
    expect(refused).toMatchObject({ code: "unsupported_value" });
  });
});

describe("windowsOver", () => {
  it("where frames lead to others, makes as many as it can in sight of them", () => {
    const options = { frames: 10, made: [5, 9], limit: 5, direction: "forward" } as const;
    const windows = (context: number) =>
      windowsOver({ ...options, context }).map(({ made }) => made);
    expect(windows(1)).toEqual([
      [5, 7],
      [7, 9],
    ]);
    expect(windows(2)).toEqual([
      [5, 7],
      [7, 8],
      [8, 9],
    ]);
  });

  const cuts = fc
    .record({
      before: fc.integer({ min: 0, max: 12 }),
      count: fc.integer({ min: 1, max: 20 }),
      after: fc.integer({ min: 0, max: 6 }),
      limit: fc.integer({ min: 3, max: 13 }),
      context: fc.integer({ min: 1, max: 8 }),
      direction: fc.constantFrom("forward" as const, "backward" as const),
    })
    .filter(({ before, after }) => before + after > 0);

  it("makes every frame once, sees each in a window the net can hold, and has something to look at", () => {
    fc.assert(
      fc.property(cuts, ({ before, count, after, limit, context, direction }) => {
        const made = [before, before + count] as const;
        const frames = before + count + after;
        const windows = windowsOver({ frames, made, limit, context, direction });
        const order = direction === "forward" ? windows : windows.toReversed();
        expect(order.flatMap((one) => range(...one.made))).toEqual(range(...made));
        const done = new Set([...range(0, made[0]), ...range(made[1], frames)]);
        for (const { made: own, window } of windows) {
          const seen = range(...window);
          expect(seen.length + (window[0] > 0 ? 1 : 0)).toBeLessThanOrEqual(limit);
          for (const frame of range(...own)) expect(seen).toContain(frame);
          if (direction === "forward" ? before > 0 : after > 0)
            expect(seen.some((frame) => done.has(frame))).toBe(true);
          for (const frame of range(...own)) done.add(frame);
        }
      }),
    );
  });
});

describe("planConcatenate", () => {
  const other = "take_00000000000000000000000002" as Take["id"];

  it("decodes every clip's own latents one after the other and denoises nothing", () => {
    const clips = [
      { take: completedTake(), clean },
      { take: completedTake({ num_frames: 9 }, other), clean: digest("other") },
    ];
    const joined = planConcatenate(clips, models);
    expect(joined.plan.total_steps).toBe(0);
    expect(joined.parameters.num_frames).toBe(26);
    expect(decodeOf(joined.plan).pieces).toEqual([
      { state: clean, frames: [0, 5], first: true },
      { state: digest("other"), frames: [0, 3], first: true },
    ]);
    const again = planConcatenate(
      [{ take: takeOf(joined, other), clean: null }, clips[0]!],
      models,
    );
    expect(decodeOf(again.plan).pieces).toHaveLength(3);
  });

  it("refuses clips of another version of their model, whose latents have another size", () => {
    const old = { ...completedTake({ model: "finer" }, other), model: "tiny" };
    const clips = [completedTake(), old].map((take) => ({ take, clean }));
    const refused = refusal(() => planConcatenate(clips, models));
    expect(refused).toMatchObject({ code: "latent_space_mismatch" });
    expect(refused!.message).toContain("24 x 16 x 16 a frame, those of version 1 are 16 x 16 x 16");
  });

  it("refuses clips of another rate and other latent spaces", () => {
    const join = (second: Take) =>
      refusal(() =>
        planConcatenate(
          [
            { take: completedTake(), clean },
            { take: second, clean },
          ],
          models,
        ),
      );
    expect(join(completedTake({ fps: 12 }, other))).toMatchObject({ code: "illegal_derivation" });
    expect(join(completedTake({ model: "other" }, other))).toMatchObject({
      code: "latent_space_mismatch",
    });
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
}
