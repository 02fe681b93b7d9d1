import fc from "fast-check";
import { expect, test } from "vitest";
import { LineSplitter } from "./line-splitter.ts";

function split(chunks: readonly Uint8Array[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

test("lines come out whole however the bytes are cut, also inside a character", () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-zäö€ ]{1,20}$/).filter((line) => line.trim() !== "")),
      fc.integer({ min: 1, max: 7 }),
      (lines, size) => {
        const bytes = new TextEncoder().encode(lines.join("\n"));
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        expect(split(chunks)).toEqual(lines);
      },
    ),
  );
});

test("output without line breaks is cut, so that it cannot fill memory", () => {
  const lines = split(Array.from({ length: 100 }, () => new Uint8Array(1000).fill(120)));
  expect(lines.join("")).toHaveLength(100_000);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(4000);
});
