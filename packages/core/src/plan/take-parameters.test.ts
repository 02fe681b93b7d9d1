import { isFabricError, type TakeRequest, takeRequestSchema } from "@arc-fabric/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manifest } from "../../test/support/samples.ts";
import { fillParameters, nearestInRange } from "./take-parameters.ts";

function refusal(request: TakeRequest) {
  try {
    fillParameters(request, manifest, 7);
  } catch (error) {
    if (isFabricError(error))
      return {
        code: error.code,
        field: error.details["field"],
        message: error.message,
        nearest: error.details["nearest"],
      };
    throw error;
  }
  return null;
}

describe("fillParameters", () => {
  it("fills every value from the model's defaults and keeps what was asked for", () => {
    const parameters = fillParameters({ prompt: "a ball", num_frames: 9 }, manifest, 7);
    expect(parameters).toMatchObject({
      model: "tiny",
      seed: 7,
      num_frames: 9,
      fps: 8,
      num_inference_steps: 20,
      solver: "euler",
      negative_prompt: "",
    });
  });

  it.each([
    [{ num_frames: 16 }, "num_frames"],
    [{ num_frames: 21 }, "num_frames"],
    [{ width: 256 }, "width"],
    [{ fps: 60 }, "fps"],
    [{ num_inference_steps: 101 }, "num_inference_steps"],
    [{ guidance_scale: 16 }, "guidance_scale"],
    [{ prompt: "x".repeat(2001) }, "prompt"],
  ])("refuses %o by name and says what the model can do", (change, field) => {
    const refused = refusal({ prompt: "a ball", ...change });
    expect(refused).toMatchObject({ code: "unsupported_value", field });
    expect(refused!.message).toContain(field);
  });

  it('takes "few" steps as the model has them, and refuses them where it has none', () => {
    const request = { prompt: "a ball", num_inference_steps: "few" as const };
    expect(fillParameters(request, { ...manifest, few_steps: 4 }, 7)).toMatchObject({
      num_inference_steps: 4,
    });
    expect(refusal(request)).toMatchObject({
      code: "unsupported_value",
      field: "num_inference_steps",
    });
  });

  it("names the nearest frame count that works", () => {
    expect(refusal({ prompt: "a ball", num_frames: 16 })!.nearest).toBe(17);
  });

  it("either fills parameters inside the limits or refuses, whatever is asked", () => {
    const anyRequest = fc.record({
      num_frames: fc.integer({ min: 1, max: 40 }),
      fps: fc.integer({ min: 1, max: 60 }),
      guidance_scale: fc.double({ noNaN: true }),
    });
    fc.assert(
      fc.property(anyRequest, (change) => {
        const request = takeRequestSchema.safeParse({ prompt: "a", ...change });
        if (!request.success || refusal(request.data)) return;
        const { num_frames: frames } = fillParameters(request.data, manifest, 0);
        expect((frames - 5) % 4).toBe(0);
      }),
    );
  });
});

describe("nearestInRange", () => {
  it("always lands on a legal value", () => {
    fc.assert(
      fc.property(fc.double({ min: -1000, max: 1000, noNaN: true }), (value) => {
        expect([5, 9, 13, 17]).toContain(nearestInRange(value, { min: 5, max: 17, step: 4 }));
      }),
    );
  });
});
