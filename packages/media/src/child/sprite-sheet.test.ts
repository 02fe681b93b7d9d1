import fc from "fast-check";
import { expect, test } from "vitest";
import { sheetLayout } from "./sprite-sheet.ts";

test("every count of frames has a place in a grid as square as possible, inside the sheet's bounds", () => {
  const even = fc.integer({ min: 8, max: 2048 }).map((half) => half * 2);
  fc.assert(
    fc.property(even, even, fc.integer({ min: 1, max: 2000 }), (width, height, count) => {
      const { columns, rows, frameWidth, frameHeight } = sheetLayout({ width, height }, count);
      expect(columns * rows).toBeGreaterThanOrEqual(count);
      expect(columns * (rows - 1)).toBeLessThan(count);
      expect(columns - rows).toBeGreaterThanOrEqual(0);
      expect(columns - rows).toBeLessThanOrEqual(1);
      expect(Math.max(frameWidth, frameHeight)).toBeLessThanOrEqual(256);
      expect(Math.min(frameWidth, frameHeight)).toBeGreaterThanOrEqual(1);
      expect(Math.max(columns * frameWidth, rows * frameHeight)).toBeLessThanOrEqual(4096);
    }),
  );
});

test("small frames keep their size", () => {
  expect(sheetLayout({ width: 128, height: 128 }, 17)).toEqual({
    columns: 5,
    rows: 4,
    frameWidth: 128,
    frameHeight: 128,
  });
});
