import { FabricError } from "@arc-fabric/contract";
import sharp, { type Metadata, type Sharp } from "sharp";
import { type PictureDescription, type PictureSize, RGB_CHANNELS } from "../protocol.ts";

/** 8192 x 8192: above every model's size, and 200 MB when decoded. */
const MAX_PIXELS = 8192 * 8192;
const OPAQUE = 255;

type MediaType = PictureDescription["mediaType"];

/** First bytes of the accepted types: nothing else reaches a decoder, so that a picture cannot choose one that is less well kept. */
const SIGNATURES: readonly { mediaType: MediaType; at: number; bytes: string }[] = [
  { mediaType: "image/png", at: 0, bytes: "\x89PNG\r\n\x1a\n" },
  { mediaType: "image/jpeg", at: 0, bytes: "\xff\xd8\xff" },
  { mediaType: "image/webp", at: 8, bytes: "WEBP" },
];

/** Decodes the whole picture, so that a torn one is refused here and not when it is used. @throws `invalid_image` */
export async function describePicture(bytes: Uint8Array): Promise<PictureDescription> {
  return reading("invalid_image", async () => {
    const { mediaType, metadata } = await inspect(bytes);
    await open(bytes).resize(1, 1, { fit: "fill", fastShrinkOnLoad: false }).raw().toBuffer();
    const { width, height } = metadata.autoOrient;
    return { width, height, mediaType };
  });
}

/** One RGB frame of this size: turned as its camera says, cropped from the middle, on black where it is transparent. @throws `invalid_image` */
export async function readPicture(bytes: Uint8Array, size: PictureSize): Promise<Uint8Array> {
  return reading("invalid_image", async () => {
    await inspect(bytes);
    const { data, info } = await open(bytes)
      .autoOrient()
      .flatten({ background: "#000" })
      .resize(size.width, size.height, { fit: "cover", position: "centre" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels === RGB_CHANNELS) return data;
    throw new FabricError("invalid_image", `The picture has ${info.channels} colour channels.`);
  });
}

/** One byte per pixel. @throws `invalid_mask` */
export async function readMask(bytes: Uint8Array, size: PictureSize): Promise<Uint8Array> {
  return reading("invalid_mask", async () => {
    const { metadata } = await inspect(bytes);
    const { width, height } = metadata.autoOrient;
    if (width !== size.width || height !== size.height)
      throw new FabricError(
        "invalid_mask",
        `The mask is ${width}x${height} and the clip ${size.width}x${size.height}; draw it at the clip's size.`,
        { details: { width, height, expected: [size.width, size.height] } },
      );
    if (metadata.hasAlpha) {
      const alpha = await plane(open(bytes).autoOrient().ensureAlpha().extractChannel("alpha"));
      if (alpha.some((value) => value !== OPAQUE)) return alpha;
    }
    return plane(open(bytes).autoOrient().removeAlpha().greyscale().toColourspace("b-w"));
  });
}

async function inspect(bytes: Uint8Array): Promise<{ mediaType: MediaType; metadata: Metadata }> {
  const head = Buffer.from(bytes.subarray(0, 16)).toString("latin1");
  const found = SIGNATURES.find(({ at, bytes: signature }) => head.startsWith(signature, at));
  if (!found)
    throw new FabricError("invalid_image", "It is not a PNG, JPEG or WebP picture.", {
      details: { accepted: SIGNATURES.map(({ mediaType }) => mediaType) },
    });
  const metadata = await open(bytes).metadata();
  if ((metadata.pages ?? 1) > 1)
    throw new FabricError("invalid_image", "It is an animated picture; send a single one.");
  return { mediaType: found.mediaType, metadata };
}

const open = (bytes: Uint8Array): Sharp =>
  sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: "warning", sequentialRead: true });

async function plane(picture: Sharp): Promise<Uint8Array> {
  return picture.raw({ depth: "uchar" }).toBuffer();
}

/** Whatever is wrong with a picture is told under the code of what it was meant to be. */
async function reading<Result>(
  code: "invalid_image" | "invalid_mask",
  read: () => Promise<Result>,
): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    const { message, details } =
      error instanceof FabricError
        ? error
        : { message: `It cannot be decoded: ${decoderMessage(error)}.`, details: {} };
    throw new FabricError(code, message, { details, cause: error });
  }
}

/** The library's first line; the others repeat it for each of its layers. */
const decoderMessage = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!.replace(/\.$/, "");
