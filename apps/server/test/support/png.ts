import sharp from "sharp";

/** A PNG of grey values, row by row. */
export function greyPng(width: number, height: number, grey: (x: number, y: number) => number) {
  const pixels = Uint8Array.from({ length: width * height }, (_, i) =>
    grey(i % width, Math.floor(i / width)),
  );
  return sharp(pixels, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
}
