import {
  isFabricError,
  type Manifest,
  manifestSchema,
  type TakeRequest,
  takeRequestSchema,
} from "@arc-fabric/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stateDerivation } from "./derivation.ts";
import { planTake, segmentOf } from "./plan-take.ts";
import { fillParameters, nearestInRange } from "./take-parameters.ts";

const manifest: Manifest = manifestSchema.parse({
  id: "tiny",
  name: "Tiny",
  family: "zoetrope",
  runtime: "onnx",
  latent_space: "tiny-v1",
  version: "1",
  description: "",
  licence: "Apache-2.0",
  capabilities: ["text_to_video"],
  latents: { channels: 24, height: 16, width: 16, frames_per_group: 4 },
  limits: {
    width: [128],
    height: [128],
    num_frames: { min: 5, max: 17, step: 4 },
    fps: { min: 1, max: 30 },
    num_inference_steps: { min: 1, max: 100 },
    guidance_scale: { min: 0, max: 15 },
    prompt_chars: 2000,
  },
  defaults: {
    width: 128,
    height: 128,
    num_frames: 17,
    fps: 8,
    num_inference_steps: 20,
    guidance_scale: 4,
    solver: "euler",
    shift: 1,
  },
  memory_bytes: 1,
  files: [{ path: "denoiser.onnx", role: "denoiser", bytes: 1, sha256: "0".repeat(64) }],
});

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

describe("planTake", () => {
  const parameters = fillParameters({ prompt: "a ball", seed: 1 }, manifest, 0);
  const plan = planTake(parameters, manifest, "w");

  it("is a pure function of parameters, manifest and weights", () => {
    expect(planTake(parameters, manifest, "w")).toEqual(plan);
  });

  it("gives latents one frame for the first picture and one per group of four", () => {
    expect(segmentOf(plan, "denoise").shape).toEqual([24, 5, 16, 16]);
    expect(plan.total_steps).toBe(20);
  });

  it("gives equal derivations to equal beginnings and others to everything that changes a state", () => {
    const longer = planTake({ ...parameters, num_frames: 13 }, manifest, "w");
    const reworded = planTake({ ...parameters, prompt: "a star" }, manifest, "w");
    const reseeded = planTake({ ...parameters, seed: 2 }, manifest, "w");
    const faster = planTake({ ...parameters, fps: 16 }, manifest, "w");
    const at3 = stateDerivation(plan, 3);
    for (const other of [longer, reworded, reseeded])
      expect(stateDerivation(other, 3)).not.toBe(at3);
    expect(stateDerivation(faster, 3)).toBe(at3);
    expect(stateDerivation(plan, 4)).not.toBe(at3);
  });
});
