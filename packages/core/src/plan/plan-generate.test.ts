import { describe, expect, it } from "vitest";
import { completedTake, digest, models, refusal } from "../../test/support/samples.ts";
import { planDerivations } from "./derivation.ts";
import { planGenerate } from "./plan-generate.ts";
import { inputsOf, segmentsOf } from "./plan-parts.ts";
import { rowsOf } from "./schedule.ts";
import { fillParameters } from "./take-parameters.ts";

const NOTHING = { first: null, last: null };

describe("planGenerate", () => {
  it("is a pure function of parameters, manifests and weights", () => {
    expect(completedTake()).toEqual(completedTake());
  });

  it("gives latents one frame for the first picture and one per group of four", () => {
    const { plan } = completedTake();
    expect(plan.shape).toEqual([models.manifest("tiny").latents.channels, 5, 16, 16]);
    expect(plan.total_steps).toBe(20);
  });

  it("walks a schedule with one model after the other and encodes the prompt for each", () => {
    const { plan } = completedTake({
      stages: [
        { model: "tiny", steps: 12 },
        { model: "tiny-2", steps: 8 },
      ],
    });
    expect(segmentsOf(plan, "denoise")).toMatchObject([
      { model: "tiny", from: 0, to: 12, history: "reset", conditioning: 0 },
      { model: "tiny-2", from: 12, to: 20, history: "carry", conditioning: 1 },
    ]);
    expect(segmentsOf(plan, "encode").map(({ model }) => model)).toEqual(["tiny", "tiny-2"]);
    expect(plan.weights).toEqual({ tiny: "weights of tiny", "tiny-2": "weights of tiny-2" });
  });

  it.each([
    [[{ model: "tiny", steps: 19 }], "schedule_mismatch", "19"],
    [
      [
        { model: "tiny", steps: 10 },
        { model: "other", steps: 10 },
      ],
      "latent_space_mismatch",
      "Other",
    ],
    [
      [
        { model: "tiny", steps: 10 },
        { model: "none", steps: 10 },
      ],
      "model_not_found",
      "none",
    ],
  ])("refuses stages %j", (stages, code, named) => {
    const refused = refusal(() => completedTake({ stages }));
    expect(refused).toMatchObject({ code });
    expect(refused!.message).toContain(named);
  });

  it("refuses a model that has none of the stages", () => {
    const stages = [{ model: "tiny-2", steps: 20 }];
    const refused = refusal(() => completedTake({ stages }));
    expect(refused).toMatchObject({ code: "unsupported_value", field: "model" });
    expect(refused!.message).toContain("tiny-2");
    expect(completedTake({ stages, model: "tiny-2" }).model).toBe("tiny-2");
  });

  it.each([
    [[0.4, 0.6], 20, [8, 12]],
    [[0.01, 0.99], 20, [1, 19]],
    [[0.99, 0.01], 20, [19, 1]],
    [[0.5, 0.25, 0.25], 3, [1, 1, 1]],
  ])('stages "default" are the model\'s shares %j of %i steps: %j', (shares, steps, expected) => {
    const default_stages = shares.map((share) => ({ model: "tiny", share }));
    const request = { prompt: "x", stages: "default" as const, num_inference_steps: steps };
    const { stages } = fillParameters(request, { ...models.manifest("tiny"), default_stages }, 1);
    expect(stages!.map((stage) => stage.steps)).toEqual(expected);
  });

  it('refuses stages "default" where the model has none, or more than there are steps', () => {
    const request = { prompt: "x", stages: "default" as const, num_inference_steps: 2 };
    const manifest = models.manifest("tiny");
    expect(refusal(() => fillParameters(request, manifest, 1))).toMatchObject({
      code: "unsupported_value",
      field: "stages",
    });
    const default_stages = [0.5, 0.25, 0.25].map((share) => ({ model: "tiny", share }));
    expect(
      refusal(() => fillParameters(request, { ...manifest, default_stages }, 1)),
    ).toMatchObject({ code: "unsupported_value", field: "num_inference_steps" });
  });

  it.each([
    [{ start: 5, end: 21, interval: 2 }, "20 steps"],
    [{ start: 5, end: 5, interval: 2 }, "20 steps"],
    [{ start: 5, end: 6, interval: 3 }, "interval 3"],
  ])("refuses a cache outside the steps, or without any effect: %j", (cache, named) => {
    const refused = refusal(() => completedTake({ cache }));
    expect(refused).toMatchObject({ code: "schedule_mismatch", field: "cache" });
    expect(refused!.message).toContain(named);
  });

  it("may cache the steps that a lag of the frames adds", () => {
    const cache = { start: 2, end: 24, interval: 2 };
    expect(completedTake({ cache, frame_lag: 1 }).plan.total_steps).toBe(24);
  });

  it("starts from given frames and keeps them clean", () => {
    const { parameters } = completedTake();
    const given = { first: digest("first"), last: digest("last") };
    const plan = planGenerate(parameters, given, models);
    expect(plan.start).toEqual({
      kind: "compose",
      seed: 1,
      pieces: [
        { kind: "image", digest: given.first },
        { kind: "noise", frames: 3 },
        { kind: "image", digest: given.last },
      ],
    });
    for (const row of rowsOf(plan)) expect([row[0], row[4]]).toEqual([0, 0]);
    expect(inputsOf(plan).inputs).toEqual([given.first, given.last]);
  });

  it("refuses given frames where the model cannot start from them", () => {
    const parameters = { ...completedTake().parameters, model: "plain" };
    const refused = refusal(() =>
      planGenerate(parameters, { ...NOTHING, first: digest("a") }, models),
    );
    expect(refused).toMatchObject({ code: "unsupported_value" });
  });
});

describe("planDerivations", () => {
  const at = (request: Parameters<typeof completedTake>[0], step: number) =>
    planDerivations(completedTake(request).plan)[step - 1];

  it("are shared by equal beginnings and differ by everything that changes a state", () => {
    const plain = at({}, 3);
    expect(at({ fps: 16 }, 3)).toBe(plain);
    for (const changed of [
      { num_frames: 13 },
      { prompt: "a star" },
      { negative_prompt: "blur" },
      { seed: 2 },
      { guidance_scale: 5 },
      { solver: "dpmpp_2m" as const },
      { shift: 2 },
    ])
      expect(at(changed, 3)).not.toBe(plain);
    expect(at({}, 4)).not.toBe(plain);
  });

  it("are those of one model up to the hand-over, and of a plain run up to the cached zone", () => {
    const stages = [
      { model: "tiny", steps: 12 },
      { model: "tiny-2", steps: 8 },
    ];
    expect(at({ stages }, 12)).toBe(at({}, 12));
    expect(at({ stages }, 13)).not.toBe(at({}, 13));
    const cache = { start: 10, end: 16, interval: 2 };
    expect(at({ cache }, 10)).toBe(at({}, 10));
    expect(at({ cache }, 11)).not.toBe(at({}, 11));
  });
});
