import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { type ErrorCode, FabricError } from "@arc-fabric/contract";
import type { ClipOptions, ClipWriter, Media, RgbFrames } from "@arc-fabric/core";
import { gate, type GateHooks } from "./gate.ts";
import type { Turns } from "./turns.ts";

export interface SimMediaDeps {
  readonly turns: Turns;
  /** Whether this call fails. */
  fails(): boolean;
  onFault(code: ErrorCode): void;
}

/** Files without an encoder: a video is its raw frames, so that bytes can be compared. Calls wait for their turns and may fail. */
export function createSimMedia(deps: SimMediaDeps): Media {
  const hooks: GateHooks = {
    before(name) {
      if (!name.startsWith("clip.") || !deps.fails()) return;
      deps.onFault("encoder_failed");
      throw new FabricError("encoder_failed", `Simulated failure of ${name}.`);
    },
  };
  const media: Media = {
    openClip: async (options) =>
      gate(clipWriter(options), { name: "clip", turns: deps.turns, hooks, direct: ["abort"] }),
    encodeStrip: async (frames) => jpeg(frames),
    encodeStills: async (frames) => [jpeg(frames)],
    describePicture: async () => ({ width: 8, height: 8, mediaType: "image/png" }),
    readPicture: async (bytes, width, height) => ({
      count: 1,
      width,
      height,
      data: new Uint8Array(width * height * 3).fill(bytes[0]!),
    }),
    readMask: async (bytes, width, height) =>
      Uint8Array.from({ length: width * height }, (_, i) => bytes[i % bytes.length]! << 6),
    readClip: async (video) => ({ count: video.length / 192, width: 8, height: 8, data: video }),
    encoders: () => ({ reports: [], probing: false }),
    warm: async () => {},
    close: async () => {},
  };
  return gate(media, { name: "media", turns: deps.turns, hooks, direct: ["encoders"] });
}

/** What a finished clip's files hold. */
export function clipFiles(frames: readonly Uint8Array[]) {
  const video = Buffer.concat(frames);
  const named = (name: string) =>
    Buffer.from(`${name} of ${createHash("sha256").update(video).digest("hex")}`);
  return { video, thumbnail: named("thumbnail"), spritesheet: named("spritesheet") };
}

function clipWriter({ directory, numFrames }: ClipOptions): ClipWriter {
  const written: Uint8Array[] = [];
  let count = 0;
  return {
    async write(frames: RgbFrames) {
      written.push(frames.data.slice());
      count += frames.count;
    },
    async finish() {
      if (count !== numFrames)
        throw new FabricError("internal", `${count} frames were written, not ${numFrames}.`);
      const files = Object.entries(clipFiles(written));
      return Promise.all(
        files.map(async ([name, bytes]) => {
          const kind = name as "video" | "thumbnail" | "spritesheet";
          const file = path.join(directory, kind);
          await writeFile(file, bytes);
          return { kind, path: file, mediaType: "application/octet-stream", metadata: {} };
        }),
      );
    },
    async abort() {},
  };
}

const jpeg = ({ data }: RgbFrames) => createHash("sha256").update(data).digest();
