import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  encodeFrame,
  FrameDecoder,
  FRAME_PREFIX_BYTES,
  MAX_HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  splitParts,
} from "./worker-framing.ts";

const prefix = (headerBytes: number, payloadBytes: number) => {
  const bytes = new Uint8Array(FRAME_PREFIX_BYTES);
  new DataView(bytes.buffer).setUint32(0, headerBytes, true);
  new DataView(bytes.buffer).setUint32(4, payloadBytes, true);
  return bytes;
};
const message = fc.record({
  type: fc.string(),
  text: fc.string({ unit: "binary" }),
  parts: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.uint8Array({ maxLength: 64 }), {
    maxKeys: 4,
  }),
});

describe("frames", () => {
  test("any messages cut into any chunks come out as they went in", () => {
    fc.assert(
      fc.property(
        fc.array(message, { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (messages, sizes) => {
          const stream = Buffer.concat(
            messages.flatMap(({ type, text, parts }) => encodeFrame({ type, text }, parts)),
          );
          const decoder = new FrameDecoder();
          const frames = [];
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const size = sizes[turn % sizes.length]!;
            frames.push(...decoder.push(stream.subarray(at, at + size)));
            at += size;
          }
          expect(frames).toHaveLength(messages.length);
          for (const [index, { type, text, parts }] of messages.entries()) {
            const header = frames[index]!.header as {
              type: string;
              text: string;
              parts: { name: string; bytes: number }[];
            };
            expect(header).toMatchObject({ type, text });
            expect({ ...splitParts(header.parts, frames[index]!.payload) }).toEqual({ ...parts });
          }
        },
      ),
    );
  });

  test("a size over the cap is refused as soon as the eight bytes are there, before anything is allocated", () => {
    for (const [headerBytes, payloadBytes] of [
      [MAX_HEADER_BYTES + 1, 0],
      [2, MAX_PAYLOAD_BYTES + 1],
      [0xffffffff, 0xffffffff],
    ] as const)
      expect(() => new FrameDecoder().push(prefix(headerBytes, payloadBytes))).toThrow(
        expect.objectContaining({ code: "worker_protocol" }),
      );
  });

  test("a message over the cap is refused before it is sent", () => {
    expect(() => encodeFrame({ text: "x".repeat(MAX_HEADER_BYTES) })).toThrow(
      expect.objectContaining({ code: "worker_protocol" }),
    );
    const huge = { byteLength: MAX_PAYLOAD_BYTES + 1 } as Uint8Array;
    expect(() => encodeFrame({}, { huge })).toThrow(
      expect.objectContaining({ code: "worker_protocol" }),
    );
  });

  test("a header that is not JSON, or not UTF-8, is refused", () => {
    for (const header of [Uint8Array.of(0x7b), Uint8Array.of(0xff, 0xfe)])
      expect(() =>
        new FrameDecoder().push(Buffer.concat([prefix(header.length, 0), header])),
      ).toThrow(expect.objectContaining({ code: "worker_protocol" }));
  });

  test("parts that do not add up to the payload are refused", () => {
    const payload = new Uint8Array(10);
    for (const bytes of [9, 11])
      expect(() => splitParts([{ name: "a", bytes }], payload)).toThrow(
        expect.objectContaining({ code: "worker_protocol" }),
      );
    expect(() => splitParts([], payload)).toThrow(
      expect.objectContaining({ code: "worker_protocol" }),
    );
  });
});
