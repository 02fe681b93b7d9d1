import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRange } from "./byte-range.ts";

describe("byte ranges (RFC 9110 §14)", () => {
  it.each([
    ["bytes=0-9", 0, 9],
    ["bytes=90-", 90, 99],
    ["bytes=-10", 90, 99],
    ["bytes=-1000", 0, 99],
    ["bytes=50-1000", 50, 99],
  ])("%s of 100 bytes", (header, start, end) => {
    expect(parseRange(header, 100)).toEqual({ start, end });
  });

  it.each([
    undefined,
    "",
    "bytes=",
    "bytes=-",
    "bytes=5-1",
    "lines=1-2",
    "bytes=0-1,5-6",
    "bytes=a-b",
  ])("%s asks for the whole file", (header) => {
    expect(parseRange(header, 100)).toBeNull();
  });

  it.each(["bytes=100-", "bytes=200-300", "bytes=-0"])("%s lies outside", (header) => {
    expect(() => parseRange(header, 100)).toThrow("outside");
  });

  it("never leaves the file, whatever is sent", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 1000 }),
        (junk, a, b, size) => {
          for (const header of [
            junk,
            `bytes=${a}-${b}`,
            `bytes=-${a}`,
            `bytes=${a}-`,
            `bytes=${junk}`,
          ]) {
            let range = null;
            try {
              range = parseRange(header, size);
            } catch (error) {
              expect(error).toMatchObject({ code: "range_not_satisfiable" });
            }
            if (range)
              expect(range.start >= 0 && range.start <= range.end && range.end < size).toBe(true);
          }
        },
      ),
    );
  });
});
