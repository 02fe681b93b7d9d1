import type { ArtifactKind, Take } from "@arc-fabric/contract";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Drawing } from "./drawing.ts";
import { encodePng, tile } from "./png.ts";
import { sceneOf, SIZE } from "./scene.ts";

/** A strip needs no full frame rate to be recognised. */
const STRIP_STRIDE = 2;

export const jpegLike = (frame: Uint8Array): Buffer => encodePng(frame, SIZE, SIZE);

/** The frames of a take as they stand at a noise level; 0 gives the finished clip. */
export const framesOf = ({ count, frame }: Drawing, sigma: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => frame(i, sigma));

export const stripOf = (drawing: Drawing, sigma: number): Buffer =>
  stripOfFrames(framesOf(drawing, sigma).filter((_, i) => i % STRIP_STRIDE === 0));

export function stripOfFrames(frames: readonly Uint8Array[]): Buffer {
  const strip = tile(frames, SIZE, frames.length);
  return encodePng(strip.pixels, strip.width, strip.height);
}

/**
 * The files of a finished take. The video is one of four small clips that were encoded once from the same drawing
 * (17 frames at 8 a second); the pictures are drawn for this take.
 */
export function filesOf(
  take: Take,
  drawing: Drawing,
): { kind: ArtifactKind; mediaType: string; bytes: Buffer; metadata: Record<string, unknown> }[] {
  const frames = framesOf(drawing, 0);
  const columns = Math.ceil(Math.sqrt(frames.length));
  const sheet = tile(frames, SIZE, columns);
  const middle = frames[Math.floor(frames.length / 2)]!;
  const { width, height, fps, num_frames } = take.parameters;
  return [
    {
      kind: "video",
      mediaType: "video/mp4",
      bytes: readFileSync(
        path.join(import.meta.dirname, "clips", `${sceneOf(take.parameters.prompt).motion}.mp4`),
      ),
      metadata: { width, height, fps, num_frames, encoder: "libx264" },
    },
    {
      kind: "thumbnail",
      mediaType: "image/jpeg",
      bytes: jpegLike(middle),
      metadata: { width, height },
    },
    {
      kind: "spritesheet",
      mediaType: "image/jpeg",
      bytes: encodePng(sheet.pixels, sheet.width, sheet.height),
      metadata: {
        columns,
        rows: sheet.rows,
        frame_width: SIZE,
        frame_height: SIZE,
        count: frames.length,
      },
    },
  ];
}
