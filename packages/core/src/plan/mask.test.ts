import { decodeSafetensors } from "@arc-fabric/contract";
import { describe, expect, it } from "vitest";
import { refusal } from "../../test/support/samples.ts";
import { encodeMask, latentMask } from "./mask.ts";

const options = {
  shape: [3, 4, 4] as const,
  frames: [1, 2] as const,
  area: null,
  brush: null,
  feather: 0,
};
const rows = (values: Float32Array, frame: number) =>
  Array.from({ length: 4 }, (_, row) => [
    ...values.subarray((frame * 4 + row) * 4, (frame * 4 + row + 1) * 4),
  ]);

describe("latentMask", () => {
  it("covers whole frames without an area, and only those of the range", () => {
    const { values } = latentMask(options);
    expect([...values].filter((value) => value === 1)).toHaveLength(16);
    expect(
      rows(values, 0)
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
  });

  it("takes every cell that a rectangle touches", () => {
    const area = { shape: "rectangle" as const, x: 20, y: 0, width: 40, height: 20 };
    expect(rows(latentMask({ ...options, area }).values, 1)).toEqual([
      [1, 1, 1, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
  });

  it("fills a polygon", () => {
    const points: [number, number][] = [
      [0, 0],
      [50, 0],
      [0, 50],
    ];
    const area = { shape: "polygon" as const, points };
    expect(rows(latentMask({ ...options, area }).values, 1).slice(0, 2)).toEqual([
      [1, 1, 0, 0],
      [1, 0, 0, 0],
    ]);
  });

  it("reads a brush", () => {
    const data = new Uint8Array(8 * 8);
    data[7 * 8 + 7] = 255;
    const area = { shape: "brush" as const, file: "0".repeat(64) };
    const { values } = latentMask({ ...options, area, brush: { width: 8, height: 8, data } });
    expect(rows(values, 1)[3]).toEqual([0, 0, 0, 1]);
  });

  it("adds a soft border outside the area", () => {
    const area = { shape: "rectangle" as const, x: 0, y: 0, width: 25, height: 100 };
    const [row] = rows(latentMask({ ...options, area, feather: 25 }).values, 1);
    expect(row).toEqual([1, 0.5, 0, 0]);
  });

  it("refuses a rectangle that ends outside the picture, but not for the sake of rounding", () => {
    const mask = (x: number, width: number) => () =>
      latentMask({ ...options, area: { shape: "rectangle", x, y: 0, width, height: 100 } });
    expect(refusal(mask(50, 60))).toMatchObject({
      code: "range_outside_clip",
      message: "The rectangle ends outside the picture: x + width = 110 is more than 100 percent.",
    });
    expect(mask(100 / 3, 200 / 3 + 1e-9)).not.toThrow();
  });

  it("refuses an area of nothing", () => {
    const data = new Uint8Array(64);
    const area = { shape: "brush" as const, file: "0".repeat(64) };
    const brush = { width: 8, height: 8, data };
    expect(refusal(() => latentMask({ ...options, area, brush }))).toMatchObject({
      code: "invalid_mask",
    });
  });
});

describe("encodeMask", () => {
  it("is a safetensors blob with the mask's shape", () => {
    const { tensors } = decodeSafetensors(encodeMask(latentMask(options)));
    expect(tensors["mask"]).toMatchObject({ dtype: "F32", shape: [3, 4, 4] });
  });

  it("refuses a soft border where there is nothing outside", () => {
    const frames = [0, 1] as const;
    const masked = () =>
      latentMask({ shape: [1, 4, 4], frames, area: null, brush: null, feather: 10 });
    expect(refusal(masked)).toMatchObject({ code: "illegal_derivation", field: "feather" });
  });
});
