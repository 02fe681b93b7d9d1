import { expect, it } from "vitest";

import { findChromium } from "./find-chromium.ts";

it("takes the browser that ARC_CHROMIUM names", () => {
  expect(findChromium({ ARC_CHROMIUM: process.execPath })).toBe(process.execPath);
});

it("refuses an ARC_CHROMIUM that cannot be executed, instead of leaving tests out in silence", () => {
  expect(() => findChromium({ ARC_CHROMIUM: "/no/such/browser" })).toThrow("/no/such/browser");
});

it("leaves the browser tests out when ARC_CHROMIUM is none", () => {
  expect(findChromium({ ARC_CHROMIUM: "none" })).toBeUndefined();
});
