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
  const decoder = new GroupDecoder(graph, shape, manifest);
  const [from, to] = range.frames;
  for (let group = from; group < to; group++) {
    yield await decoder.decode(decoder.latentsOf(latents, group), range.first && group === from);
  }
}

/** One group after the other through the same buffers. */
class GroupDecoder {
  readonly #graph: Graph;
  readonly #shape: LatentShape;
  readonly #manifest: Manifest;
  readonly #group: Float32Array;
  readonly #pixels: Float32Array;
  readonly #inputs;
  readonly #outputs;

  constructor(graph: Graph, shape: LatentShape, manifest: Manifest) {
    const [channels, , latentHeight, latentWidth] = shape;
    const perGroup = manifest.latents.frames_per_group;
    const { width, height } = manifest.defaults;
    this.#graph = graph;
    this.#shape = shape;
    this.#manifest = manifest;
    this.#group = new Float32Array(channels * latentHeight * latentWidth);
    this.#pixels = new Float32Array(perGroup * 3 * height * width);
    this.#inputs = { latents: float32(this.#group, [1, channels, latentHeight, latentWidth]) };
    this.#outputs = { frames: float32(this.#pixels, [1, perGroup, 3, height, width]) };
  }

  /** The latents of one group, [C, H, W]. */
  latentsOf(clip: Float32Array, group: number): Float32Array {
    const [channels, frames, height, width] = this.#shape;
    const plane = height * width;
    const own = new Float32Array(channels * plane);
    for (let channel = 0; channel < channels; channel++) {
      const start = (channel * frames + group) * plane;
      own.set(clip.subarray(start, start + plane), channel * plane);
    }
    return own;
  }

  /** @param single only the last of the group's frames counts */
  async decode(latents: Float32Array, single: boolean): Promise<RgbFrames> {
    const { width, height } = this.#manifest.defaults;
    const perGroup = this.#manifest.latents.frames_per_group;
    this.#group.set(latents);
    await this.#graph.runInto(this.#inputs, this.#outputs);
    const skipped = single ? perGroup - 1 : 0;
    const data = toRgb24(this.#pixels, skipped, perGroup, height * width);
    return { count: perGroup - skipped, width, height, data };
  }
}

/** All frames of a clip that is looked at again and again: groups that have not changed since the last time are not decoded again. */
export class ClipPreview {
  readonly #decoder: GroupDecoder;
  readonly #groups: { latents: Float32Array; frames: RgbFrames }[] = [];
  readonly #length: number;

  constructor(graph: Graph, shape: LatentShape, manifest: Manifest) {
    this.#decoder = new GroupDecoder(graph, shape, manifest);
    this.#length = shape[1];
  }

  /** @param clip latents [C, T, H, W] whose first frame stands for a single frame. */
  async decode(clip: Float32Array): Promise<RgbFrames> {
    for (let group = 0; group < this.#length; group++) {
      const latents = this.#decoder.latentsOf(clip, group);
      if (isEqual(latents, this.#groups[group]?.latents)) continue;
      this.#groups[group] = {
        latents,
        frames: await this.#decoder.decode(latents, group === 0),
      };
    }
    const parts = this.#groups.map(({ frames }) => frames);
    const sum = (of: (part: RgbFrames) => number) => parts.reduce((all, part) => all + of(part), 0);
    // A buffer of its own: it is handed over to another thread.
    const data = new Uint8Array(sum((part) => part.data.length));
    let offset = 0;
    for (const part of parts) {
      data.set(part.data, offset);
      offset += part.data.length;
    }
    return { ...parts[0]!, count: sum((part) => part.count), data };
  }
}

function isEqual(a: Float32Array, b: Float32Array | undefined): boolean {
  return b !== undefined && a.every((value, i) => value === b[i]);
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
