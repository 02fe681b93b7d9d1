import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  asFloat32,
  decodeSafetensors,
  encodeSafetensors,
  float32Tensor,
  type Tensor,
} from "./safetensors.ts";

const tensor = fc
  .array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
  .chain((shape) =>
    fc
      .float32Array({ minLength: size(shape), maxLength: size(shape) })
      .map((values): Tensor => float32Tensor(shape, values)),
  );
const name = fc.stringMatching(/^[a-z._0-9]{1,12}$/).filter((text) => !/^\d+$/.test(text));
const file = fc.record({
  tensors: fc.dictionary(name, tensor, { maxKeys: 5 }),
  metadata: fc.dictionary(name, fc.string(), { maxKeys: 5 }),
});
const corrupt = expect.objectContaining({ code: "state_corrupt" });
const small = () =>
  encodeSafetensors({
    tensors: { a: float32Tensor([2], Float32Array.of(1, 2)) },
    metadata: { step: "3" },
  });

function size(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** The file with its JSON header replaced. */
function withHeader(header: unknown, data = new Uint8Array(8)): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

describe("safetensors", () => {
  test("a tensor may have any name, also that of a property every object has", () => {
    const named = Object.fromEntries([["__proto__", float32Tensor([1], Float32Array.of(1))]]);
    const { tensors } = decodeSafetensors(encodeSafetensors({ tensors: named, metadata: {} }));
    expect(Object.keys(tensors)).toEqual(["__proto__"]);
  });

  test("what is written is read back, bit for bit", () => {
    fc.assert(
      fc.property(file, ({ tensors, metadata }) => {
        const read = decodeSafetensors(encodeSafetensors({ tensors, metadata }));
        expect({ ...read.metadata }).toEqual({ ...metadata });
        expect(Object.keys(read.tensors).sort()).toEqual(Object.keys(tensors).sort());
        for (const [key, value] of Object.entries(tensors)) {
          expect(read.tensors[key]!.shape).toEqual(value.shape);
          expect(Buffer.from(read.tensors[key]!.data).equals(Buffer.from(value.data))).toBe(true);
        }
      }),
    );
  });

  test("equal content gives equal bytes, in whatever order it was put together", () => {
    const a = float32Tensor([1], Float32Array.of(1));
    const b = float32Tensor([1], Float32Array.of(2));
    const one = encodeSafetensors({ tensors: { a, b }, metadata: { x: "1", y: "2" } });
    const two = encodeSafetensors({ tensors: { b, a }, metadata: { y: "2", x: "1" } });
    expect(one).toEqual(two);
    expect(one.byteLength % 4).toBe(0);
  });

  test("a file cut at any byte, or with a byte more, is refused", () => {
    const whole = small();
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeSafetensors(whole.subarray(0, length))).toThrow(corrupt);
    expect(() => decodeSafetensors(Buffer.concat([whole, Uint8Array.of(0)]))).toThrow(corrupt);
  });

  test.each([
    [
      "overlapping tensors",
      {
        a: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
        b: { dtype: "F32", shape: [2], data_offsets: [0, 8] },
      },
    ],
    ["a gap", { a: { dtype: "F32", shape: [1], data_offsets: [4, 8] } }],
    [
      "a shape that does not fit its bytes",
      { a: { dtype: "F32", shape: [3], data_offsets: [0, 8] } },
    ],
    ["a dtype that does not exist", { a: { dtype: "F99", shape: [2], data_offsets: [0, 8] } }],
    ["offsets behind the end", { a: { dtype: "F32", shape: [4], data_offsets: [0, 16] } }],
    ["no offsets", { a: { dtype: "F32", shape: [2] } }],
    ["a header that is a list", []],
    ["an entry that is null", { a: null }],
    ["a shape that is text", { a: { dtype: "F32", shape: "2", data_offsets: [0, 8] } }],
    [
      "sizes that cancel out",
      {
        a: { dtype: "F32", shape: [-2], data_offsets: [0, -8] },
        b: { dtype: "F32", shape: [4], data_offsets: [-8, 8] },
      },
    ],
    ["a negative shape", { a: { dtype: "F32", shape: [-2], data_offsets: [0, -8] } }],
  ])("%s are refused", (_, header) => {
    expect(() => decodeSafetensors(withHeader(header))).toThrow(corrupt);
  });

  test("a header that claims gigabytes is refused before it is read", () => {
    const bytes = small();
    new DataView(bytes.buffer).setBigUint64(0, 1n << 40n, true);
    expect(() => decodeSafetensors(bytes)).toThrow(corrupt);
  });

  test("values are read rightly from a view that is not aligned", () => {
    for (const shifted of [new Uint8Array(small().length + 1), Buffer.alloc(small().length + 1)]) {
      shifted.set(small(), 1);
      expect([...asFloat32(decodeSafetensors(shifted.subarray(1)).tensors["a"]!)]).toEqual([1, 2]);
    }
  });
});
