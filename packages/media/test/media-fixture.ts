import type { Logger, RgbFrames, System } from "@arc-fabric/core";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createMedia, type ProcessMedia, type MediaDeps } from "../src/create-media.ts";

export const realSystem: System = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  randomBytes: (count) => randomBytes(count),
  sleep: async (ms, signal) => delay(ms, undefined, { signal }),
};

export interface RecordedLogger extends Logger {
  readonly lines: { level: string; message: string; fields: Record<string, unknown> | undefined }[];
}

export function recordedLogger(): RecordedLogger {
  const lines: RecordedLogger["lines"] = [];
  const record = (level: string) => (message: string, fields?: Record<string, unknown>) =>
    void lines.push({ level, message, fields });
  return {
    lines,
    debug: record("debug"),
    info: record("info"),
    warn: record("warn"),
    error: record("error"),
  };
}

/** Real media with a temporary folder; everything is closed and removed by `dispose`. */
export class MediaFixture {
  readonly logger = recordedLogger();
  readonly #media: ProcessMedia[] = [];
  readonly #directories: string[] = [];

  media(changes: Partial<MediaDeps> = {}): ProcessMedia {
    const media = createMedia({
      system: realSystem,
      logger: this.logger,
      encoder: "auto",
      allowSoftwareEncoder: true,
      ...changes,
    });
    this.#media.push(media);
    return media;
  }

  async directory(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), "arc-media-"));
    this.#directories.push(directory);
    return directory;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#media.map(async (media) => media.close()));
    await Promise.all(
      this.#directories.map(async (directory) => rm(directory, { recursive: true, force: true })),
    );
  }
}

/** A part of a run of frames, as a decoder would hand it over. */
export function sliceFrames(frames: RgbFrames, first: number, count: number): RgbFrames {
  const bytes = frames.width * frames.height * 3;
  return { ...frames, count, data: frames.data.subarray(first * bytes, (first + count) * bytes) };
}
