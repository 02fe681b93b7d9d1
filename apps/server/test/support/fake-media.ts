import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { ClipOptions, ClipWriter, Media, RgbFrames } from "@arc-fabric/core";

/** A media without an encoder: the "video" is the raw frames, so that its bytes can be compared. */
export function createFakeMedia(): Media {
  return {
    openClip: async (options) => clipWriter(options),
    encodeStrip: async (frames) => still(frames),
    encodeStills: async (frames) => Array.from({ length: frames.count }, () => still(frames)),
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

/** Small, and with the first bytes of a JPEG. */
const still = (frames: RgbFrames) =>
  Uint8Array.of(0xff, 0xd8, 0xff, frames.data[0] ?? 0, frames.count);
