import { expect, it } from "vitest";
import { idempotencyRecord } from "./idempotency.ts";

it("gives the same fingerprint to the same request, whatever the order of its fields", () => {
  const a = idempotencyRecord("k", "createTake", { prompt: "x", seed: 1, list: [{ b: 1, a: 2 }] });
  const b = idempotencyRecord("k", "createTake", { list: [{ a: 2, b: 1 }], seed: 1, prompt: "x" });
  expect(a).toEqual(b);
  expect(idempotencyRecord("k", "createTake", { prompt: "y", seed: 1 })?.fingerprint).not.toBe(
    a?.fingerprint,
  );
  expect(idempotencyRecord("k", "openaiCreateVideo", { prompt: "x" })?.key).not.toBe(a?.key);
});

it.each(["", "with space", "ü", "x".repeat(256)])("refuses the key %j", (key) => {
  expect(() => idempotencyRecord(key, "createTake", {})).toThrow("Idempotency-Key");
});

it("is not needed", () => expect(idempotencyRecord(undefined, "createTake", {})).toBeNull());
