import { deriveRequestSchema, type DeriveRequestOf } from "@arc-fabric/contract";
import { expect, it } from "vitest";
import { completedTake, digest, models } from "../test/support/samples.ts";
import { withEstimate } from "./estimate.ts";
import { planConcatenate } from "./plan/plan-concatenate.ts";
import { planGrow } from "./plan/plan-grow.ts";
import type { MeasuredSeconds, Store } from "./ports/store.ts";

/** A store that has measured takes of these shapes. */
const measuring = (known: Readonly<Record<string, MeasuredSeconds>>) =>
  ({
    measuredSeconds: async (_model, shape) => known[shape ? shape.join("x") : "any"] ?? null,
  }) as Pick<Store, "measuredSeconds"> as Store;

const [channels, ...cells] = completedTake().plan.shape;
const SHORT = [channels, ...cells].join("x");
const LONG = [channels, 9, ...cells.slice(1)].join("x");
const parent = completedTake();
const longer = planGrow(
  { parent, clean: digest("clean"), seed: 3 },
  deriveRequestSchema.parse({ kind: "extend", num_frames: 16 }) as DeriveRequestOf<"extend">,
  models,
);
const seconds = async (plan: typeof longer, known: Readonly<Record<string, MeasuredSeconds>>) =>
  (await withEstimate(measuring(known), plan)).estimate?.seconds;

it("what a longer clip takes beside its steps grows with its length, until it was measured", async () => {
  const steps = longer.plan.total_steps;
  const short = { frames: 5, step: 0.1, rest: 1 };
  expect(await seconds(longer, { [SHORT]: short })).toBeCloseTo(steps * 0.1 + 9 / 5);
  const known = { [SHORT]: short, [LONG]: { frames: 9, step: 7, rest: 3 } };
  expect(await seconds(longer, known)).toBeCloseTo(steps * 0.1 + 3);
});

it("a length that was not measured takes in proportion to one that was", async () => {
  const any = { frames: 4, step: 0.2, rest: 1 };
  const steps = longer.plan.total_steps;
  expect(await seconds(longer, { any })).toBeCloseTo(steps * 0.2 * (5 / 4) + 9 / 4);
  const whole = { any, [LONG]: { frames: 9, step: 0.9, rest: 3 } };
  expect(await seconds(longer, whole)).toBeCloseTo(steps * 0.5 + 3);
});

it("clips that are put together take the time of decoding, or nobody knows", async () => {
  const clip = { take: parent, clean: digest("clean") };
  const both = planConcatenate([clip, clip], models);
  expect(await seconds(both, { [SHORT]: { frames: 5, step: 0.1, rest: 1 } })).toBeCloseTo(2);
  expect(await seconds(both, {})).toBeUndefined();
});
