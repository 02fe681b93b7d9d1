import type { Manifest } from "@arc-fabric/contract";
import type { LatentShape } from "./latent-update.ts";
import { float32, type Graph } from "./ort.ts";

/** RGB24 frames [count, height, width, 3]. */
export interface RgbFrames {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Latent frames [from, to) of a clip. */
export interface DecodeRange {
  readonly frames: readonly [number, number];
  /** The first one stands for a single frame repeated: only the last of its decoded frames counts. */
  readonly first: boolean;
}

/**
 * Decodes latents [C, T, H, W] group by group, so that the first frames are there before the last are computed.
 * The graph: `latents` [N, C, H, W] -> `frames` [N, frames per group, 3, height, width] in [0, 1].
 */
export async function* decodeGroups(
  graph: Graph,
  latents: Float32Array,
  shape: LatentShape,
  manifest: Manifest,
  range: DecodeRange,
): AsyncGenerator<RgbFrames> {
  const [channels, frames, latentHeight, latentWidth] = shape;
  const perGroup = manifest.latents.frames_per_group;
  const { width, height } = manifest.defaults;
  const plane = latentHeight * latentWidth;
  const groupLatents = new Float32Array(channels * plane);
  const pixels = new Float32Array(perGroup * 3 * height * width);
  const inputs = { latents: float32(groupLatents, [1, channels, latentHeight, latentWidth]) };
  const outputs = { frames: float32(pixels, [1, perGroup, 3, height, width]) };
  const [from, to] = range.frames;
  for (let group = from; group < to; group++) {
    for (let channel = 0; channel < channels; channel++) {
      const start = (channel * frames + group) * plane;
      groupLatents.set(latents.subarray(start, start + plane), channel * plane);
    }
    await graph.runInto(inputs, outputs);
    const skipped = group === from && range.first ? perGroup - 1 : 0;
    yield {
      count: perGroup - skipped,
      width,
      height,
      data: toRgb24(pixels, skipped, perGroup, height * width),
    };
  }
}

/** All frames of a clip whose first latent frame stands for one frame. */
export async function decodeWholeClip(
  graph: Graph,
  latents: Float32Array,
  shape: LatentShape,
  manifest: Manifest,
): Promise<RgbFrames> {
  const { width, height } = manifest.defaults;
  const range = { frames: [0, shape[1]], first: true } as const;
  const count = 1 + (shape[1] - 1) * manifest.latents.frames_per_group;
  const data = new Uint8Array(count * width * height * 3);
  let offset = 0;
  for await (const group of decodeGroups(graph, latents, shape, manifest, range)) {
    data.set(group.data, offset);
    offset += group.data.byteLength;
  }
  return { count, width, height, data };
}

/** Planar floats [frames, 3, pixels] in [0, 1] to interleaved bytes, rounded to nearest; frames [from, to). */
export function toRgb24(
  planar: Float32Array,
  from: number,
  to: number,
  pixels: number,
): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8ClampedArray((to - from) * pixels * 3);
  let target = 0;
  for (let frame = from; frame < to; frame++) {
    const red = frame * 3 * pixels;
    for (let i = red; i < red + pixels; i++) {
      // Assigning to a clamped array rounds to nearest and clamps to 0 … 255.
      rgb[target++] = planar[i]! * 255;
      rgb[target++] = planar[i + pixels]! * 255;
      rgb[target++] = planar[i + 2 * pixels]! * 255;
    }
  }
  return new Uint8Array(rgb.buffer);
}
