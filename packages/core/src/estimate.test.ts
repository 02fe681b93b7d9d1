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

it("a length that was not measured is told from one that was: steps take more than in proportion", async () => {
  const any = { frames: 20, step: 0.8, rest: 1 };
  const steps = longer.plan.total_steps;
  // Its windows see 5 latent frames of 9.
  expect(await seconds(longer, { any })).toBeCloseTo(steps * 0.8 * 0.125 + 9 / 20);
  const whole = { any, [LONG]: { frames: 9, step: 2.7, rest: 3 } };
  expect(await seconds(longer, whole)).toBeCloseTo(steps * 2.7 * (5 / 9) ** 1.5 + 3);
});

it("what a clip takes beside its steps is told from the longest window that was measured", async () => {
  const parent = completedTake({ model: "wide", num_frames: 49 });
  const long = planGrow(
    { parent, clean: digest("clean"), seed: 3 },
    deriveRequestSchema.parse({ kind: "extend", num_frames: 40 }) as DeriveRequestOf<"extend">,
    models,
  );
  const of = (frames: number) => [channels, frames, ...cells.slice(1)].join("x");
  const known = {
    [of(13)]: { frames: 13, step: 0, rest: 2 },
    [of(5)]: { frames: 5, step: 0, rest: 5 },
  };
  expect(await seconds(long, known)).toBeCloseTo((2 * 23) / 13);
});

it("clips that are put together take the time of decoding, or nobody knows", async () => {
  const clip = { take: parent, clean: digest("clean") };
  const both = planConcatenate([clip, clip], models);
  expect(await seconds(both, { [SHORT]: { frames: 5, step: 0.1, rest: 1 } })).toBeCloseTo(2);
  expect(await seconds(both, {})).toBeUndefined();
});
