import type { Plan } from "@arc-fabric/contract";
import { expect, test } from "vitest";
import { PLAN } from "../test/support/fixtures.ts";
import { framesOfKey, measuredKey, shapeKey } from "./shape-key.ts";

const [, frames] = PLAN.shape;

test.each([
  ["the whole clip", [0, frames], shapeKey(PLAN.shape)],
  ["the whole clip behind an absent first frame", [1, frames], shapeKey(PLAN.shape)],
  ["a part of it", [2, frames], null],
])("steps that see %s count as measured on its shape: %j", (_, window, key) => {
  const plan = {
    ...PLAN,
    segments: PLAN.segments.map((segment) =>
      segment.type === "denoise" ? { ...segment, window } : segment,
    ),
  } as Plan;
  const model = Object.keys(plan.weights)[0]!;
  expect(measuredKey(plan, model)).toBe(key);
  expect(measuredKey(plan, "another")).toBeNull();
});

test("a key names its latent frames", () => expect(framesOfKey(shapeKey(PLAN.shape))).toBe(frames));
