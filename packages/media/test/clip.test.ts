import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import {
  AVCOL_PRI_BT709,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_TRC_BT709,
  AV_PIX_FMT_YUV420P,
} from "node-av/constants";
import sharp from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import type { ClipFile, RgbFrames } from "@arc-fabric/core";
import { readMp4Boxes } from "../src/child/mp4-boxes.ts";
import { decodeClip } from "./decode-clip.ts";
import { MediaFixture, sliceFrames } from "./media-fixture.ts";
import { flatFrames, meanColor, movingFrames, type Rgb } from "./test-frames.ts";

const fixture = new MediaFixture();
const media = fixture.media();
afterAll(async () => fixture.dispose());

async function encode(frames: RgbFrames, fps = 8): Promise<readonly ClipFile[]> {
  const { width, height, count } = frames;
  const clip = await media.openClip({
    width,
    height,
    fps,
    numFrames: count,
    directory: await fixture.directory(),
  });
  await clip.write(sliceFrames(frames, 0, 1));
  for (let first = 1; first < count; first += 4)
    await clip.write(sliceFrames(frames, first, Math.min(4, count - first)));
  return clip.finish();
}

function file(files: readonly ClipFile[], kind: ClipFile["kind"]): ClipFile {
  return files.find((entry) => entry.kind === kind)!;
}

describe("a clip's video", () => {
  test.each([1, 5, 17, 49])(
    "has exactly the %i frames that were written, at the exact rate",
    async (count) => {
      const files = await encode(movingFrames(128, 128, count));
      const video = file(files, "video");
      const decoded = await decodeClip(video.path);
      expect(decoded.frames).toHaveLength(count);
      expect(decoded.frameRate).toBe("8/1");
      expect(decoded.durationS).toBeCloseTo(count / 8, 6);
      expect(decoded.times.map((time) => Math.round(time * 8_000))).toEqual(
        Array.from({ length: count }, (_, index) => index * 1000),
      );
      expect(decoded.keyFrames[0]).toBe(0);
      expect(video.metadata).toEqual({
        width: 128,
        height: 128,
        fps: 8,
        num_frames: count,
        duration_s: count / 8,
        codec: "h264",
        encoder: "libx264",
      });
    },
  );

  test("keeps a rate that is not a whole number", async () => {
    const decoded = await decodeClip(
      file(await encode(movingFrames(64, 48, 9), 12.5), "video").path,
    );
    expect(decoded.frameRate).toBe("25/2");
    expect(decoded.durationS).toBeCloseTo(9 / 12.5, 4);
  });

  test("can be played from its first bytes: the index stands before the media", async () => {
    const boxes = await readMp4Boxes(file(await encode(movingFrames(128, 128, 17)), "video").path);
    const types = boxes.map((box) => box.type);
    expect(types.indexOf("moov")).toBeGreaterThan(0);
    expect(types.indexOf("moov")).toBeLessThan(types.indexOf("mdat"));
  });

  test("is tagged as what it is: 4:2:0, limited range, BT.709", async () => {
    const decoded = await decodeClip(file(await encode(movingFrames(128, 128, 5)), "video").path);
    expect(decoded.pixelFormat).toBe(AV_PIX_FMT_YUV420P);
    expect(decoded.colorTags).toEqual({
      space: AVCOL_SPC_BT709,
      range: AVCOL_RANGE_MPEG,
      primaries: AVCOL_PRI_BT709,
      transfer: AVCOL_TRC_BT709,
    });
  });

  test.each<[string, Rgb]>([
    ["red", [220, 30, 20]],
    ["green", [40, 200, 60]],
    ["blue", [30, 60, 210]],
    ["white", [255, 255, 255]],
    ["black", [0, 0, 0]],
  ])("does not shift %s", async (_, color) => {
    const decoded = await decodeClip(
      file(await encode(flatFrames(128, 128, [color, color, color])), "video").path,
    );
    for (const frame of decoded.frames) {
      const mean = meanColor(frame);
      for (const channel of [0, 1, 2] as const)
        expect(Math.abs(mean[channel] - color[channel])).toBeLessThanOrEqual(3);
    }
  });

  test("stays close to the frames it was made of", async () => {
    const frames = movingFrames(128, 128, 17);
    const decoded = await decodeClip(file(await encode(frames), "video").path);
    for (const [index, frame] of decoded.frames.entries())
      expect(psnr(frame, sliceFrames(frames, index, 1).data)).toBeGreaterThan(33);
  });

  // 112 pixels are 7 macroblocks: with x264's mbtree two of three such clips came out differently.
  test.each([
    [128, 2],
    [112, 12],
  ])("of %i pixels has the same bytes for the same frames", async (size, runs) => {
    const digests = new Set<string>();
    for (let run = 0; run < runs; run += 1) {
      const files = await encode(movingFrames(size, size, 17));
      const contents = await Promise.all(files.map(({ path }) => readFile(path)));
      digests.add(contents.map((bytes) => createHash("sha256").update(bytes).digest("hex")).join());
    }
    expect(digests.size).toBe(1);
  });

  test("works at a width that no row of memory is aligned to", async () => {
    const decoded = await decodeClip(
      file(
        await encode(
          flatFrames(130, 66, [
            [200, 80, 40],
            [200, 80, 40],
          ]),
        ),
        "video",
      ).path,
    );
    expect([decoded.width, decoded.height, decoded.frames.length]).toEqual([130, 66, 2]);
    expect(meanColor(decoded.frames[1]!)[0]).toBeCloseTo(200, -1);
  });
});

describe("a clip's pictures", () => {
  test("are a middle frame and a sheet that shows every frame at its place", async () => {
    const colors = Array.from({ length: 5 }, (_, index): Rgb => [40 * index, 200 - 40 * index, 90]);
    const files = await encode(flatFrames(64, 48, colors));
    const thumbnail = await sharp(file(files, "thumbnail").path)
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([thumbnail.info.width, thumbnail.info.height]).toEqual([64, 48]);
    expectColor(meanColor(thumbnail.data), colors[2]!);

    const sheet = file(files, "spritesheet");
    expect(sheet.metadata).toEqual({
      width: 192,
      height: 96,
      columns: 3,
      rows: 2,
      frame_width: 64,
      frame_height: 48,
      count: 5,
    });
    for (const [index, color] of colors.entries()) {
      const tile = sharp(sheet.path).extract({
        left: (index % 3) * 64,
        top: Math.floor(index / 3) * 48,
        width: 64,
        height: 48,
      });
      expectColor(meanColor(await tile.raw().toBuffer()), color);
    }
  });

  test("are scaled down for large frames", async () => {
    const files = await encode(
      flatFrames(832, 480, [
        [10, 20, 200],
        [10, 20, 200],
      ]),
    );
    expect(file(files, "spritesheet").metadata).toMatchObject({
      columns: 2,
      rows: 1,
      frame_width: 256,
      frame_height: 147,
    });
    expect(file(files, "thumbnail").metadata).toMatchObject({ width: 640, height: 369 });
    const sheet = await sharp(file(files, "spritesheet").path).metadata();
    expect([sheet.width, sheet.height]).toEqual([512, 147]);
  });
});

describe("stills and strips", () => {
  const colors: Rgb[] = [
    [220, 30, 20],
    [30, 200, 40],
    [20, 40, 210],
  ];

  test("a still per frame keeps size and colour", async () => {
    const stills = await media.encodeStills(flatFrames(48, 32, colors));
    expect(stills).toHaveLength(3);
    for (const [index, still] of stills.entries()) {
      const { data, info } = await sharp(still).raw().toBuffer({ resolveWithObject: true });
      expect([info.width, info.height]).toEqual([48, 32]);
      expectColor(meanColor(data), colors[index]!);
    }
  });

  test("a strip shows the frames from left to right, with the chroma whole", async () => {
    const strip = await media.encodeStrip(flatFrames(48, 32, colors));
    const metadata = await sharp(strip).metadata();
    expect([metadata.width, metadata.height, metadata.chromaSubsampling]).toEqual([
      144,
      32,
      "4:4:4",
    ]);
    for (const [index, color] of colors.entries())
      expectColor(
        meanColor(
          await sharp(strip)
            .extract({ left: index * 48 + 4, top: 0, width: 40, height: 32 })
            .raw()
            .toBuffer(),
        ),
        color,
      );
  });

  test("a strip wider than a JPEG can be is refused", async () => {
    await expect(
      media.encodeStrip(flatFrames(16_400, 2, [...colors, colors[0]!])),
    ).rejects.toMatchObject({ code: "unsupported_value" });
  });
});

describe("a clip that cannot be made", () => {
  test.each([
    [{ width: 129 }, "width"],
    [{ height: 127 }, "height"],
    [{ width: 0 }, "width"],
    [{ height: 20_000 }, "height"],
    [{ fps: 0 }, "rate"],
    [{ numFrames: 0 }, "frames"],
    [{ numFrames: 2.5 }, "frames"],
  ])("with %o is refused by name before anything is started", async (change, word) => {
    const options = {
      width: 128,
      height: 128,
      fps: 8,
      numFrames: 5,
      directory: await fixture.directory(),
      ...change,
    };
    await expect(media.openClip(options)).rejects.toMatchObject({
      code: "unsupported_value",
      message: expect.stringContaining(word),
    });
  });

  test("because frames are missing fails and leaves nothing", async () => {
    const directory = await fixture.directory();
    const clip = await media.openClip({ width: 64, height: 64, fps: 8, numFrames: 5, directory });
    await clip.write(movingFrames(64, 64, 4));
    await expect(clip.finish()).rejects.toMatchObject({
      code: "encoder_failed",
      message: expect.stringContaining("5 frames but got 4"),
    });
    expect(await readdir(directory)).toEqual([]);
  });

  test("because there are too many frames fails and leaves nothing", async () => {
    const directory = await fixture.directory();
    const clip = await media.openClip({ width: 64, height: 64, fps: 8, numFrames: 5, directory });
    await clip.write(movingFrames(64, 64, 6));
    await expect(clip.finish()).rejects.toMatchObject({
      code: "encoder_failed",
      message: expect.stringContaining("got more"),
    });
    expect(await readdir(directory)).toEqual([]);
  });

  test("because its folder does not exist fails with the encoder's words", async () => {
    const options = { width: 64, height: 64, fps: 8, numFrames: 5, directory: "/nonexistent/clip" };
    await expect(media.openClip(options)).rejects.toMatchObject({
      code: "encoder_failed",
      message: expect.stringContaining("No such file"),
    });
  });

  test("because it was aborted leaves nothing, and takes no more frames", async () => {
    const directory = await fixture.directory();
    const clip = await media.openClip({ width: 64, height: 64, fps: 8, numFrames: 5, directory });
    await clip.write(movingFrames(64, 64, 3));
    await clip.abort();
    expect(await readdir(directory)).toEqual([]);
    await expect(clip.write(movingFrames(64, 64, 1))).rejects.toMatchObject({
      code: "encoder_failed",
    });
    await clip.abort();
  });

  test("because the bytes are not what they are said to be breaks the invariant", async () => {
    const clip = await media.openClip({
      width: 64,
      height: 64,
      fps: 8,
      numFrames: 5,
      directory: await fixture.directory(),
    });
    const frames = movingFrames(64, 64, 2);
    await expect(clip.write({ ...frames, count: 3 })).rejects.toMatchObject({ code: "internal" });
    await clip.abort();
  });
});

function expectColor(actual: Rgb, wanted: Rgb): void {
  for (const channel of [0, 1, 2] as const)
    expect(Math.abs(actual[channel] - wanted[channel])).toBeLessThanOrEqual(4);
}

function psnr(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index]! - b[index]!) ** 2;
  return 10 * Math.log10(255 ** 2 / (sum / a.length));
}
