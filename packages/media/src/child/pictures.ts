import { FabricError } from "@arc-fabric/contract";
import sharp, { type Sharp } from "sharp";
import { type PictureSize, RGB_CHANNELS } from "../protocol.ts";

/** Small coloured shapes smear when JPEG halves the chroma, so it is kept whole. */
const JPEG_OPTIONS = { quality: 85, chromaSubsampling: "4:4:4", mozjpeg: false } as const;
/** The format's own limit. */
const MAX_JPEG_EDGE = 65_535;

/** Calls are many and small and run beside a model: one thread each, nothing cached. */
export function configurePictures(): void {
  sharp.concurrency(1);
  sharp.cache(false);
}

export async function encodeJpeg(rgb: Uint8Array, size: PictureSize): Promise<Uint8Array> {
  return rawPicture(rgb, size).jpeg(JPEG_OPTIONS).toBuffer();
}

export async function scalePicture(
  rgb: Uint8Array,
  from: PictureSize,
  to: PictureSize,
): Promise<Uint8Array> {
  if (from.width === to.width && from.height === to.height) return rgb;
  return rawPicture(rgb, from)
    .resize(to.width, to.height, { fit: "fill" })
    .removeAlpha()
    .raw()
    .toBuffer();
}

/** One JPEG per frame, in order. */
export async function encodeStills(
  rgb: Uint8Array,
  size: PictureSize,
  count: number,
): Promise<Uint8Array[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => encodeJpeg(frameAt(rgb, size, index), size)),
  );
}

/** All frames side by side in one JPEG. @throws `unsupported_value` when it would be wider than a JPEG can be */
export async function encodeStrip(
  rgb: Uint8Array,
  size: PictureSize,
  count: number,
): Promise<Uint8Array> {
  const strip = { width: size.width * count, height: size.height };
  if (strip.width > MAX_JPEG_EDGE)
    throw new FabricError(
      "unsupported_value",
      `A strip of ${count} frames of ${size.width} pixels is wider than a JPEG's ${MAX_JPEG_EDGE}; send fewer or smaller frames.`,
    );
  const canvas = new Uint8Array(strip.width * strip.height * RGB_CHANNELS);
  for (let index = 0; index < count; index += 1)
    blit(canvas, strip.width, frameAt(rgb, size, index), size, index * size.width, 0);
  return encodeJpeg(canvas, strip);
}

/** Copies a picture into a wider one, row by row. */
export function blit(
  canvas: Uint8Array,
  canvasWidth: number,
  rgb: Uint8Array,
  size: PictureSize,
  left: number,
  top: number,
): void {
  const rowBytes = size.width * RGB_CHANNELS;
  for (let row = 0; row < size.height; row += 1) {
    const target = ((top + row) * canvasWidth + left) * RGB_CHANNELS;
    canvas.set(rgb.subarray(row * rowBytes, (row + 1) * rowBytes), target);
  }
}

export function frameAt(rgb: Uint8Array, size: PictureSize, index: number): Uint8Array {
  const bytes = size.width * size.height * RGB_CHANNELS;
  return rgb.subarray(index * bytes, (index + 1) * bytes);
}

function rawPicture(rgb: Uint8Array, size: PictureSize): Sharp {
  return sharp(rgb, { raw: { width: size.width, height: size.height, channels: RGB_CHANNELS } });
}
