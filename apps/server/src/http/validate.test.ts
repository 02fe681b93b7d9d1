import {
  deriveRequestSchema,
  NATIVE_ENDPOINTS,
  openaiCreateVideoSchema,
  takeRequestSchema,
} from "@arc-fabric/contract";
import { describe, expect, it } from "vitest";
import { validate } from "./validate.ts";

describe("input that is refused", () => {
  it.each([
    [{ prompt: "x", steps: 3 }, "unknown_field", "steps", '"steps"'],
    [
      { prompt: "x", guidence_scale: 3 },
      "unknown_field",
      "guidence_scale",
      'Did you mean "guidance_scale"?',
    ],
    [{}, "invalid_request", "prompt", '"prompt" is required.'],
    [{ prompt: "  " }, "invalid_request", "prompt", '"prompt" must not be empty.'],
    [{ prompt: "x", seed: 1.5 }, "invalid_request", "seed", '"seed" must be a whole number.'],
    [{ prompt: "x", width: -1 }, "invalid_request", "width", '"width" must be more than 0.'],
    [
      { prompt: "x", solver: "ddim" },
      "invalid_request",
      "solver",
      '"solver" must be one of euler, dpmpp_2m.',
    ],
    [{ prompt: "x".repeat(100_001) }, "invalid_request", "prompt", "at most 100000 characters"],
    [[], "invalid_request", null, "must be a JSON object"],
    ["x", "invalid_request", null, "must be a JSON object"],
  ])("names the field and what is accepted (%#)", (input, code, field, message) => {
    expect(() => validate(takeRequestSchema, input, "body")).toThrow(
      expect.objectContaining({ code, details: expect.objectContaining({ field }) }),
    );
    expect(() => validate(takeRequestSchema, input, "body")).toThrow(message);
  });

  it("reads like a sentence where several forms are accepted", () => {
    expect(() =>
      validate(openaiCreateVideoSchema, { prompt: "x", seconds: "soon" }, "body"),
    ).toThrow('"seconds" must be a number.');
  });

  it.each([
    [
      { kind: "fork", at_step: 1, promt: "x" },
      'field "promt". Did you mean "prompt"? Known fields: kind, at_step,',
    ],
    [
      { kind: "edit", at_step: 1 },
      'field "at_step". Known fields: kind, prompt, negative_prompt, guidance_scale, frames,',
    ],
    [{ kind: "edit", area: { shape: "brush", fill: 1 } }, '"area'],
    [
      { kind: "morph" },
      '"kind" must be one of fork, edit, extend, insert, loop, continue, finalize, concatenate.',
    ],
    [{ at_step: 1 }, '"kind" must be one of fork,'],
    [{ kind: "edit", area: { shape: "circle" } }, '"area.shape" must be one of rectangle, polygon'],
    [{ kind: "concatenate", takes: [] }, '"takes" must have at least 1 entry.'],
  ])("names the fields of the variant that was sent (%#)", (input, message) => {
    expect(() => validate(deriveRequestSchema, input, "body")).toThrow(message);
  });

  it("covers queries", () => {
    expect(() => validate(NATIVE_ENDPOINTS.listTakes.query, { limit: "many" }, "query")).toThrow(
      '"limit" must be a number.',
    );
    expect(() => validate(NATIVE_ENDPOINTS.listTakes.query, { limit: "1000" }, "query")).toThrow(
      '"limit" must be at most 100.',
    );
  });
});
