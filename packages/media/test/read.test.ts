import { readFile } from "node:fs/promises";
import sharp, { type Color, type Sharp } from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { decodeClip } from "./decode-clip.ts";
import { MediaFixture } from "./media-fixture.ts";
import { flatFrames, meanColor, movingFrames } from "./test-frames.ts";

const fixture = new MediaFixture();
afterAll(async () => fixture.dispose());
const media = fixture.media({ encoder: "libx264" });

const RED = { r: 200, g: 10, b: 30 };
const flat = (width: number, height: number, background: Color = RED) =>
  sharp({ create: { width, height, channels: 4, background } });
/** A noisy picture, whose file is long enough to be torn in the middle of its pixels. */
const noise = (width: number, height: number) =>
  sharp(
    Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 2654435761) >>> 24),
    { raw: { width, height, channels: 3 } },
  );

describe("a picture", () => {
  test.each([
    ["png", "image/png"],
    ["jpeg", "image/jpeg"],
    ["webp", "image/webp"],
  ] as const)("as %s is described and read", async (format, mediaType) => {
    const bytes = await flat(40, 24).toFormat(format).toBuffer();
    expect(await media.describePicture(bytes)).toEqual({ width: 40, height: 24, mediaType });
    const frame = await media.readPicture(bytes, 40, 24);
    expect([frame.count, frame.width, frame.height, frame.data.length]).toEqual([1, 40, 24, 2880]);
    const [red, green, blue] = meanColor(frame.data);
    expect(Math.abs(red - 200) + Math.abs(green - 10) + Math.abs(blue - 30)).toBeLessThan(12);
  });

  test("keeps its pixels exactly where it has the size already", async () => {
    const rgb = Uint8Array.from({ length: 8 * 6 * 3 }, (_, i) => (i * 37) % 256);
    const raw = { width: 8, height: 6, channels: 3 } as const;
    const { data } = await media.readPicture(await sharp(rgb, { raw }).png().toBuffer(), 8, 6);
    expect([...data]).toEqual([...rgb]);
  });

  test("is cropped from the middle to the clip's shape", async () => {
    const middle = await flat(20, 20, { r: 0, g: 255, b: 0 }).png().toBuffer();
    const wide = await flat(60, 20)
      .composite([{ input: middle }])
      .png()
      .toBuffer();
    const { data } = await media.readPicture(wide, 20, 20);
    expect(meanColor(data)).toEqual([0, 255, 0]);
  });

  test("is turned as its camera says", async () => {
    const bytes = await flat(40, 24).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    expect(await media.describePicture(bytes)).toMatchObject({ width: 24, height: 40 });
  });

  test.each([
    ["grey", (picture: Sharp) => picture.greyscale()],
    ["of 16 bits", (picture: Sharp) => picture.toColourspace("rgb16")],
    ["with a palette", (picture: Sharp) => picture.png({ palette: true })],
  ])("%s is one of RGB", async (_name, change) => {
    const bytes = await change(flat(16, 16, { r: 128, g: 128, b: 128 }))
      .png()
      .toBuffer();
    const [red, green, blue] = meanColor((await media.readPicture(bytes, 16, 16)).data);
    expect([red, green, blue].every((value) => Math.abs(value - 128) <= 2)).toBe(true);
  });

  test("is black where it is transparent", async () => {
    const bytes = await flat(16, 16, { r: 255, g: 255, b: 255, alpha: 0 }).png().toBuffer();
    expect(meanColor((await media.readPicture(bytes, 16, 16)).data)).toEqual([0, 0, 0]);
  });

  test.each([
    [
      "that is text",
      async () => Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"),
      "not a PNG",
    ],
    ["that is empty", async () => Buffer.alloc(0), "not a PNG"],
    ["that is a GIF", async () => flat(8, 8).gif().toBuffer(), "not a PNG"],
    [
      "with only a beginning",
      async () => Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
      "cannot be decoded",
    ],
    ["that is torn", async () => half(await noise(200, 200).png().toBuffer()), "cannot be decoded"],
    [
      "that is torn, JPEG",
      async () => half(await noise(200, 200).jpeg().toBuffer()),
      "cannot be decoded",
    ],
    [
      "that is torn, WebP",
      async () => half(await noise(200, 200).webp().toBuffer()),
      "cannot be decoded",
    ],
    [
      "of too many pixels",
      async () => flat(9000, 8000).webp({ quality: 1, effort: 0 }).toBuffer(),
      "pixel limit",
    ],
  ])("%s is refused, and the next one works", async (_name, make, message) => {
    const bytes = await make();
    const refused = { code: "invalid_image", message: expect.stringContaining(message) };
    await expect(media.describePicture(bytes)).rejects.toMatchObject(refused);
    await expect(media.readPicture(bytes, 16, 16)).rejects.toMatchObject(refused);
    await expect(media.describePicture(await flat(8, 8).png().toBuffer())).resolves.toBeDefined();
  });

  test("that moves is refused", async () => {
    const frames = movingFrames(16, 32, 1).data;
    const moving = await sharp(frames, {
      raw: { width: 16, height: 32, channels: 3, pageHeight: 16 },
    })
      .webp()
      .toBuffer();
    await expect(media.describePicture(moving)).rejects.toMatchObject({
      code: "invalid_image",
      message: expect.stringContaining("animated"),
    });
  });
});

describe("a mask", () => {
  const half8 = { raw: { width: 8, height: 4, channels: 3 } } as const;
  const leftWhite = Uint8Array.from({ length: 8 * 4 * 3 }, (_, i) =>
    ((i / 3) | 0) % 8 < 4 ? 255 : 0,
  );
  const expected = Array.from({ length: 8 * 4 }, (_, i) => (i % 8 < 4 ? 255 : 0));

  test("is the luminance of an opaque picture", async () => {
    const bytes = await sharp(leftWhite, half8).png().toBuffer();
    expect([...(await media.readMask(bytes, 8, 4))]).toEqual(expected);
  });

  test("is the luminance also where there is an alpha channel without transparent pixels", async () => {
    const bytes = await sharp(leftWhite, half8).ensureAlpha().png().toBuffer();
    expect([...(await media.readMask(bytes, 8, 4))]).toEqual(expected);
  });

  test("is alpha where there are transparent pixels", async () => {
    const rgba = Uint8Array.from({ length: 8 * 4 * 4 }, (_, i) =>
      i % 4 === 3 ? expected[(i / 4) | 0]! : 0,
    );
    const bytes = await sharp(rgba, { raw: { width: 8, height: 4, channels: 4 } })
      .png()
      .toBuffer();
    expect([...(await media.readMask(bytes, 8, 4))]).toEqual(expected);
  });

  test("of one bit and one channel is read alike", async () => {
    const bytes = await sharp(leftWhite, half8).toColourspace("b-w").png({ colours: 2 }).toBuffer();
    expect([...(await media.readMask(bytes, 8, 4))]).toEqual(expected);
  });

  test("of another size is refused with both sizes, one that is no picture with the reason", async () => {
    const bytes = await sharp(leftWhite, half8).png().toBuffer();
    await expect(media.readMask(bytes, 16, 4)).rejects.toMatchObject({
      code: "invalid_mask",
      message: "The mask is 8x4 and the clip 16x4; draw it at the clip's size.",
      details: { width: 8, height: 4 },
    });
    await expect(media.readMask(Buffer.from("mask"), 8, 4)).rejects.toMatchObject({
      code: "invalid_mask",
      message: expect.stringContaining("not a PNG"),
    });
  });
});

describe("a clip that was written", () => {
  test("is read frame by frame, as another decoder reads it", async () => {
    const directory = await fixture.directory();
    const options = { width: 64, height: 48, fps: 8, numFrames: 9, directory };
    const clip = await media.openClip(options);
    const frames = movingFrames(64, 48, 9);
    await clip.write(frames);
    const [video] = await clip.finish();
    const read = await media.readClip(await readFile(video!.path));
    expect([read.count, read.width, read.height]).toEqual([9, 64, 48]);
    const other = Buffer.concat((await decodeClip(video!.path)).frames);
    expect(meanDifference(read.data, other)).toBeLessThan(4);
    expect(meanDifference(read.data, frames.data)).toBeLessThan(8);
  });

  test("keeps its colours", async () => {
    const directory = await fixture.directory();
    const clip = await media.openClip({ width: 32, height: 32, fps: 8, numFrames: 1, directory });
    await clip.write(flatFrames(32, 32, [[200, 40, 90]]));
    const [video] = await clip.finish();
    const mean = meanColor((await media.readClip(await readFile(video!.path))).data);
    expect(mean.every((value, i) => Math.abs(value - [200, 40, 90][i]!) < 4)).toBe(true);
  });

  test.each([
    ["empty", () => Buffer.alloc(0)],
    ["no clip", () => Buffer.from("this is text, not a clip ".repeat(100))],
  ])("and is %s is refused, and the process lives on", async (_name, make) => {
    await media.describePicture(await flat(8, 8).png().toBuffer());
    const pid = media.pid;
    await expect(media.readClip(make())).rejects.toMatchObject({ code: "encoder_failed" });
    expect(media.pid).toBe(pid);
  });
});

const half = (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1);

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += Math.abs(a[i]! - b[i]!);
  return sum / a.length;
}
