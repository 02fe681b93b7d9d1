import { expect, test } from "vitest";
import { agoText, bytesText, clip, ordinal, remainingText, secondsText } from "./units.ts";

test("sizes, times and counts read as a person says them", () => {
  expect([0, 999, 1000, 84_213, 999_499, 999_999, 2.5e9].map(bytesText)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "84 kB",
    "999 kB",
    "1.0 MB",
    "2.5 GB",
  ]);
  expect([0.04, 9.94, 9.96, 59.4, 75, 4000].map(secondsText)).toEqual([
    "0.0 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 min 15 s",
    "1 h 7 min",
  ]);
  expect([0, 3.4, 75].map(remainingText)).toEqual(["1 s", "3 s", "1 min 15 s"]);
  expect([1, 2, 3, 4, 11, 12, 21, 113].map(ordinal)).toEqual([
    "1st",
    "2nd",
    "3rd",
    "4th",
    "11th",
    "12th",
    "21st",
    "113th",
  ]);
  const now = Date.parse("2026-11-21T03:00:00Z");
  expect(
    [
      "2026-11-21T02:59:30Z",
      "2026-11-21T02:50:00Z",
      "2026-11-20T20:00:00Z",
      "2026-11-18T00:00:00Z",
    ].map((time) => agoText(time, now)),
  ).toEqual(["just now", "10 min ago", "7 h ago", "3 d ago"]);
  expect(clip("a red\nball", 6)).toBe("a red…");
});
