import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawNoise, philox4x32 } from "./noise.ts";

const hex = (words: readonly number[]) => words.map((word) => word.toString(16).padStart(8, "0"));

describe("noise", () => {
  test("the generator gives the known answers of Random123's philox4x32-10", () => {
    expect(hex(philox4x32([0, 0, 0, 0], [0, 0]))).toEqual([
      "6627e8d5",
      "e169c58d",
      "bc57ac4c",
      "9b00dbd8",
    ]);
    const ones = 0xffffffff;
    expect(hex(philox4x32([ones, ones, ones, ones], [ones, ones]))).toEqual([
      "408f276d",
      "41c83b0e",
      "a20bc7c6",
      "6d5451fd",
    ]);
    expect(
      hex(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])),
    ).toEqual(["d16cfe09", "94fdcceb", "5001e420", "24126ea1"]);
  });

  test("it is standard normal", () => {
    const noise = drawNoise(12345, [24, 17, 16, 16]);
    const moment = (power: number) =>
      noise.reduce((sum, value) => sum + value ** power, 0) / noise.length;
    expect(moment(1)).toBeCloseTo(0, 1);
    expect(Math.abs(moment(1))).toBeLessThan(0.01);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02);
    expect(Math.abs(moment(3))).toBeLessThan(0.05);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
    const beyondTwo = noise.filter((value) => Math.abs(value) > 2).length / noise.length;
    expect(beyondTwo).toBeGreaterThan(0.043);
    expect(beyondTwo).toBeLessThan(0.048);
    expect(noise.every(Number.isFinite)).toBe(true);
  });

  test("a longer clip of the same seed begins with the same latent frames", () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        (seed, frames, more) => {
          const [channels, height, width] = [3, 2, 3];
          const plane = height * width;
          const short = drawNoise(seed, [channels, frames, height, width]);
          const long = drawNoise(seed, [channels, frames + more, height, width]);
          for (let channel = 0; channel < channels; channel++) {
            const start = channel * (frames + more) * plane;
            expect(long.subarray(start, start + frames * plane)).toEqual(
              short.subarray(channel * frames * plane, (channel + 1) * frames * plane),
            );
          }
        },
      ),
    );
  });

  test("begins with any latent frame", () => {
    const [long, late] = [drawNoise(5, [1, 4, 2, 2]), drawNoise(5, [1, 2, 2, 2], 2)];
    expect(late).toEqual(long.subarray(8));
  });

  test("every bit of a seed counts, also above 2^32", () => {
    const first = (seed: number) => drawNoise(seed, [1, 1, 1, 1])[0];
    const seeds = [0, 1, 2, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 52, Number.MAX_SAFE_INTEGER];
    expect(new Set(seeds.map(first)).size).toBe(seeds.length);
  });

  test("the first values of seed 7 stay what they are: stored trajectories depend on them", () => {
    expect([...drawNoise(7, [1, 1, 1, 4])]).toMatchInlineSnapshot(`
      [
        0.0002915676450356841,
        -0.30484697222709656,
        1.78875732421875,
        1.0678725242614746,
      ]
    `);
  });
});
