import { writeFile } from "node:fs/promises";
import path from "node:path";
import { FabricError } from "@arc-fabric/contract";
import type { ClipOptions, ClipWriter, Media, PictureInfo, RgbFrames } from "@arc-fabric/core";

/** A media without an encoder: the "video" is the raw frames, so that its bytes can be compared. */
export function createFakeMedia(): Media {
  return {
    openClip: async (options) => clipWriter(options),
    encodeStrip: async (frames) => still(frames),
    encodeStills: async (frames) => Array.from({ length: frames.count }, () => still(frames)),
    describePicture: async (bytes) => fakePicture(bytes),
    readPicture: async (bytes, width, height) => {
      fakePicture(bytes);
      return {
        count: 1,
        width,
        height,
        data: new Uint8Array(width * height * 3).fill(bytes.at(-1) ?? 0),
      };
    },
    readMask: async (bytes, width, height) => {
      const picture = fakePicture(bytes);
      if (picture.width !== width || picture.height !== height)
        throw new FabricError("invalid_mask", "The mask has another size.");
      return new Uint8Array(width * height).map((_, i) => (i % width < width / 2 ? 255 : 0));
    },
    readClip: async (video) => ({
      count: video.byteLength / (32 * 32 * 3),
      width: 32,
      height: 32,
      data: video,
    }),
    encoders: () => ({
      reports: [{ encoder: "fake", hardware: false, usable: true, error: null, ms: 0 }],
      probing: false,
    }),
    warm: async () => {},
    close: async () => {},
  };
}

function clipWriter({ directory, fps, numFrames, width, height }: ClipOptions): ClipWriter {
  const written: Uint8Array[] = [];
  return {
    async write(frames) {
      written.push(frames.data.slice());
    },
    async finish() {
      const metadata = { width, height, fps, num_frames: numFrames };
      const files = [
        { kind: "video", mediaType: "video/mp4", bytes: Buffer.concat(written) },
        {
          kind: "thumbnail",
          mediaType: "image/jpeg",
          bytes: Buffer.from(`thumbnail ${width}x${height}`),
        },
        {
          kind: "spritesheet",
          mediaType: "image/jpeg",
          bytes: Buffer.from(`spritesheet of ${numFrames}`),
        },
      ] as const;
      return Promise.all(
        files.map(async ({ kind, mediaType, bytes }) => {
          const file = path.join(directory, kind);
          await writeFile(file, bytes);
          return { kind, path: file, mediaType, metadata };
        }),
      );
    },
    async abort() {},
  };
}

/** A "picture" is the text `picture 32x32`: all that this server's own code looks at is its size. */
function fakePicture(bytes: Uint8Array): PictureInfo {
  const [, width, height] = /^picture (\d+)x(\d+)/.exec(Buffer.from(bytes).toString()) ?? [];
  if (!width || !height) throw new FabricError("invalid_image", "It is not a picture.");
  return { width: Number(width), height: Number(height), mediaType: "image/png" };
}

/** Small, and with the first bytes of a JPEG. */
const still = (frames: RgbFrames) =>
  Uint8Array.of(0xff, 0xd8, 0xff, frames.data[0] ?? 0, frames.count);
