import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeLiveFrame, encodeLiveFrame, LIVE_HEADER_BYTES, type LiveFrame } from "./live.ts";

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const fields = {
  kind: fc.constantFrom("preview" as const, "frame" as const),
  frameIndex: u32,
  frameCount: u32,
  step: u32,
  producedAtMs: fc.double({ min: 0, max: 1e14, noNaN: true }),
  fps: fc.integer({ min: 1, max: 240 }),
  data: fc.uint8Array({ maxLength: 64 }),
};
const anyFrame: fc.Arbitrary<LiveFrame> = fc.oneof(
  fc.record({ ...fields, codec: fc.constant("jpeg" as const) }),
  fc.record({ ...fields, codec: fc.constant("h264" as const), keyFrame: fc.boolean() }),
);

test("every live frame comes back as it was sent", () => {
  fc.assert(
    fc.property(anyFrame, (frame) => {
      expect(decodeLiveFrame(encodeLiveFrame(frame))).toEqual(frame);
    }),
  );
});

test("a kind or codec of a later version, and a cut-off header, are skipped", () => {
  const [frame] = fc.sample(anyFrame, 1);
  for (const offset of [0, 1]) {
    const bytes = encodeLiveFrame(frame!);
    bytes[offset] = 200;
    expect(decodeLiveFrame(bytes)).toBeNull();
  }
  expect(decodeLiveFrame(encodeLiveFrame(frame!).subarray(0, LIVE_HEADER_BYTES - 1))).toBeNull();
});
