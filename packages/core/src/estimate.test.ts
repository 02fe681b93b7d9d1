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

const SHORT = "24x5x16x16";
const LONG = "24x9x16x16";
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
  const short = { step: 0.1, rest: 1 };
  expect(await seconds(longer, { [SHORT]: short })).toBeCloseTo(steps * 0.1 + 9 / 5);
  const known = { [SHORT]: short, [LONG]: { step: 7, rest: 3 } };
  expect(await seconds(longer, known)).toBeCloseTo(steps * 0.1 + 3);
  expect(await seconds(longer, { any: { step: 0.2, rest: 1 } })).toBeCloseTo(steps * 0.2 + 1);
});

it("clips that are put together take the time of decoding, or nobody knows", async () => {
  const clip = { take: parent, clean: digest("clean") };
  const both = planConcatenate([clip, clip], models);
  expect(await seconds(both, { [SHORT]: { step: 0.1, rest: 1 } })).toBeCloseTo(2);
  expect(await seconds(both, {})).toBeUndefined();
});
