import { FabricError, invariant } from "@arc-fabric/contract";
import type { ClipOptions, LiveOptions, RgbFrames } from "@arc-fabric/core";
import { type PictureSize, RGB_CHANNELS } from "./protocol.ts";

/** H.264's highest level ends near here; the lower bound is one macroblock. */
const MAX_EDGE = 8192;
const MIN_EDGE = 16;
const MAX_FPS = 240;
const MAX_FRAMES = 100_000;

/** @throws `unsupported_value` naming the option, its value and what would be accepted */
export function checkClipOptions(options: ClipOptions): void {
  checkLiveOptions(options);
  const { numFrames } = options;
  if (!Number.isInteger(numFrames) || numFrames < 1 || numFrames > MAX_FRAMES)
    throw unsupported(`A clip must have from 1 to ${MAX_FRAMES} frames, not ${numFrames}.`, {
      num_frames: numFrames,
    });
}

/** @throws `unsupported_value` likewise */
export function checkLiveOptions(options: LiveOptions): void {
  for (const edge of ["width", "height"] as const) checkEdge(edge, options[edge]);
  const { fps } = options;
  if (!(fps >= 1 && fps <= MAX_FPS))
    throw unsupported(`A clip's rate must be from 1 to ${MAX_FPS} frames a second, not ${fps}.`, {
      fps,
    });
}

/** Broken when a caller hands over other bytes than it says. */
export function checkFrames(frames: RgbFrames, size: PictureSize = frames): void {
  invariant(
    frames.width === size.width && frames.height === size.height,
    `frames of ${frames.width}x${frames.height} for a clip of ${size.width}x${size.height}`,
  );
  const bytes = frames.count * frames.width * frames.height * RGB_CHANNELS;
  invariant(
    frames.data.byteLength === bytes,
    `${frames.count} frames of ${frames.width}x${frames.height} are ${bytes} bytes, not ${frames.data.byteLength}`,
  );
}

function checkEdge(name: "width" | "height", value: number): void {
  if (!Number.isInteger(value) || value < MIN_EDGE || value > MAX_EDGE)
    throw unsupported(
      `A clip's ${name} must be a whole number from ${MIN_EDGE} to ${MAX_EDGE}, not ${value}.`,
      { [name]: value },
    );
  if (value % 2 !== 0)
    throw unsupported(
      `H.264 with 4:2:0 colour needs an even ${name}; ${value} is odd. Use ${value - 1} or ${value + 1}.`,
      { [name]: value },
    );
}

function unsupported(message: string, details: Record<string, unknown>): FabricError {
  return new FabricError("unsupported_value", message, { details });
}
