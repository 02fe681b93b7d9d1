import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closestWords, editDistance } from "./closest-words.ts";
import { formatAgo, formatBytes, formatRemaining, formatSeconds } from "./format.ts";
import { insertWord } from "./insert-word.ts";
import { snap } from "./snap.ts";

describe("snap: a typed number becomes one the model can do", () => {
  test("frame counts go in steps from the smallest", () => {
    const frames = { min: 5, max: 17, step: 4 };
    expect([0, 6, 8, 16, 99].map((value) => snap(value, frames))).toEqual([5, 5, 9, 17, 17]);
  });
  test("the result is always inside the range and on a step", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -50, max: 50 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 60 }),
        fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
        (min, step, width, value) => {
          const result = snap(value, { min, max: min + width, step });
          expect(result).toBeGreaterThanOrEqual(min);
          expect(result).toBeLessThanOrEqual(min + width);
          expect((result - min) % step).toBe(0);
        },
      ),
    );
  });
  test("tenths stay tenths", () =>
    expect(snap(0.30000000000000004, { min: 0, max: 15, step: 0.1 })).toBe(0.3));
});

describe("insertWord: a word from the list gets the spaces it needs", () => {
  test.each([
    ["", 0, "ball", "ball"],
    ["a red", 5, "ball", "a red ball"],
    ["a red ", 6, "ball", "a red ball"],
    ["a on grass", 1, "ball", "a ball on grass"],
    ["a red, big", 5, "ball", "a red ball, big"],
  ])("%j at %i", (text, caret, word, expected) =>
    expect(insertWord(text, caret, word).text).toBe(expected),
  );
});

describe("closestWords: an unknown word is answered with near known ones", () => {
  const known = ["ball", "on a green meadow", "in the desert", "moves right"];
  test("finds a misspelt word inside a phrase", () =>
    expect(closestWords("dessert", known, 3)).toEqual(["desert"]));
  test("offers nothing where nothing is near", () =>
    expect(closestWords("xylophone", known, 3)).toEqual([]));
  test("distance is zero only for equal words and symmetric", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});

describe("format: numbers as a person says them", () => {
  test("bytes", () =>
    expect([0, 999, 1500, 12_345_678, 3e11].map(formatBytes)).toEqual([
      "0 B",
      "999 B",
      "1.5 kB",
      "12.3 MB",
      "300 GB",
    ]));
  test("seconds", () =>
    expect([0.42, 2.125, 75, 60, 7300].map(formatSeconds)).toEqual([
      "0.42 s",
      "2.1 s",
      "1 min 15 s",
      "1 min",
      "2 h 1 min",
    ]));
  test("remaining", () =>
    expect([0.2, 12.3, 170, 7200].map(formatRemaining)).toEqual([
      "almost there",
      "about 12 s left",
      "about 3 min left",
      "about 2.0 h left",
    ]));
  test("ago", () => {
    const now = Date.parse("2026-11-21T12:00:00Z");
    expect(formatAgo("2026-11-21T11:59:40Z", now)).toBe("just now");
    expect(formatAgo("2026-11-21T11:30:00Z", now)).toBe("30 minutes ago");
    expect(formatAgo("2026-11-20T12:00:00Z", now)).toBe("yesterday");
  });
});
