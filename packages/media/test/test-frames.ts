import type { RgbFrames } from "@arc-fabric/core";

export type Rgb = readonly [number, number, number];

/** Frames of one colour each. */
export function flatFrames(width: number, height: number, colors: readonly Rgb[]): RgbFrames {
  const pixels = width * height;
  const data = new Uint8Array(colors.length * pixels * 3);
  colors.forEach((color, frame) => {
    for (let pixel = 0; pixel < pixels; pixel += 1) data.set(color, (frame * pixels + pixel) * 3);
  });
  return { count: colors.length, width, height, data };
}

/** A bright square that moves over a gradient: every frame differs from its neighbours. */
export function movingFrames(width: number, height: number, count: number): RgbFrames {
  const data = new Uint8Array(count * width * height * 3);
  let offset = 0;
  for (let frame = 0; frame < count; frame += 1) {
    const left = (frame * 3) % (width - 8);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const inside = x >= left && x < left + 8 && y >= 8 && y < 16;
        data[offset] = inside ? 230 : Math.floor((x * 255) / width);
        data[offset + 1] = inside ? 40 : Math.floor((y * 255) / height);
        data[offset + 2] = inside ? 30 : (frame * 5) % 256;
        offset += 3;
      }
    }
  }
  return { count, width, height, data };
}

export function meanColor(rgb: Uint8Array): Rgb {
  const sums: [number, number, number] = [0, 0, 0];
  for (let offset = 0; offset < rgb.length; offset += 3) {
    sums[0] += rgb[offset]!;
    sums[1] += rgb[offset + 1]!;
    sums[2] += rgb[offset + 2]!;
  }
  const pixels = rgb.length / 3;
  return [sums[0] / pixels, sums[1] / pixels, sums[2] / pixels];
}
