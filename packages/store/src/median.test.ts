import { expect, test } from "vitest";
import { median } from "./median.ts";

test.each([
  { values: [], expected: null },
  { values: [3], expected: 3 },
  { values: [10, 2], expected: 6 },
  { values: [10, 1, 2], expected: 2 },
])("the median of $values is $expected", ({ values, expected }) => {
  expect(median(values)).toBe(expected);
});
