import {
  asFloat32,
  decodeSafetensors,
  type DenoiseSegment,
  type LatentShape,
  type Piece,
  type Schedule,
  type Start,
} from "@arc-fabric/contract";
import type { DenoiseRequest, ReadBlob } from "@arc-fabric/core";

type Renoise = Extract<Start, { kind: "renoise" }>;

/** Latents before step 0. */
export async function startLatents(
  request: Pick<DenoiseRequest, "shape" | "start" | "schedule" | "readBlob">,
): Promise<Float32Array> {
  const { shape, start, schedule, readBlob } = request;
  return standing(start, { shape, readBlob, sigma: schedule.sigmas[0]! });
}

/** One step towards a flat picture (v = x) inside the segment's window; kept latents are put back. */
export async function solveStep(
  latents: Float32Array,
  step: number,
  request: Pick<DenoiseRequest, "shape" | "schedule" | "segment" | "readBlob">,
): Promise<Float32Array> {
  const { shape, schedule, segment } = request;
  const frameOf = frameIndex(shape);
  const [first, end] = segment.window;
  const solved = latents.map((x, i) => {
    const frame = frameOf(i);
    if (frame < first || frame >= end) return x;
    return x + (level(schedule, step, frame) - level(schedule, step - 1, frame)) * x;
  });
  return segment.keep ? keep(solved, step, request, segment.keep) : solved;
}

async function keep(
  solved: Float32Array,
  step: number,
  { shape, schedule, segment, readBlob }: Parameters<typeof solveStep>[2],
  { mask, clean, seed, states }: NonNullable<DenoiseSegment["keep"]>,
): Promise<Float32Array> {
  const maskValues = await tensor(readBlob, mask, "mask");
  const isLast = step === schedule.sigmas.length - 1;
  const stored = isLast ? clean : states[step - segment.from - 1];
  const cleanLatents = await latentsOf(readBlob, clean);
  const kept = stored ? await latentsOf(readBlob, stored) : null;
  const frameOf = frameIndex(shape);
  return solved.map((x, i) => {
    const share = maskValues[maskIndex(shape, i)]!;
    const sigma = level(schedule, step, frameOf(i));
    const held = kept ? kept[i]! : (1 - sigma) * cleanLatents[i]! + sigma * noise(seed, i);
    return share * x + (1 - share) * held;
  });
}

interface StartContext {
  readonly shape: LatentShape;
  readonly readBlob: ReadBlob;
  readonly sigma: number;
}

async function standing(
  start: Start | NonNullable<Renoise["kept"]>,
  context: StartContext,
): Promise<Float32Array> {
  switch (start.kind) {
    case "noise":
      return noiseOf(context.shape, start.seed);
    case "compose":
      return composed(start.pieces, start.seed, context);
    case "state":
      return latentsOf(context.readBlob, start.digest);
    case "renoise": {
      const { readBlob, sigma, shape } = context;
      const mask = await tensor(readBlob, start.mask, "mask");
      const clean = await latentsOf(readBlob, start.clean);
      const noised = (seed: number) =>
        clean.map((x, i) => (1 - sigma) * x + sigma * noise(seed, i));
      const changed = noised(start.seed);
      const kept = start.kept ? await standing(start.kept, context) : noised(start.kept_seed);
      return changed.map((x, i) => {
        const share = mask[maskIndex(shape, i)]!;
        return share * x + (1 - share) * kept[i]!;
      });
    }
  }
}

async function composed(
  pieces: readonly Piece[],
  seed: number,
  { shape, readBlob }: StartContext,
): Promise<Float32Array> {
  const latents = noiseOf(shape, seed);
  const [channels, frames, height, width] = shape;
  const size = height * width;
  let frame = 0;
  for (const piece of pieces) {
    if (piece.kind === "latents") {
      const source = await latentsOf(readBlob, piece.digest);
      const sourceFrames = source.length / channels / size;
      for (let c = 0; c < channels; c++)
        for (let t = piece.frames[0]; t < piece.frames[1]; t++) {
          const from = (c * sourceFrames + t) * size;
          const to = (c * frames + frame + t - piece.frames[0]) * size;
          latents.set(source.subarray(from, from + size), to);
        }
      frame += piece.frames[1] - piece.frames[0];
    } else if (piece.kind === "image") {
      const rgb = decodeSafetensors(await readBlob(piece.digest)).tensors["rgb"]!;
      for (let c = 0; c < channels; c++) {
        const at = (c * frames + frame) * size;
        latents.fill(rgb.data[0]! / 255, at, at + size);
      }
      frame += 1;
    } else frame += piece.frames;
  }
  return latents;
}

const noise = (seed: number, index: number) => Math.sin(seed + index);
const noiseOf = (shape: LatentShape, seed: number) =>
  Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, (_, i) =>
    noise(seed, i),
  );
const level = (schedule: Schedule, step: number, frame: number) =>
  schedule.frame_sigmas?.[step]?.[frame] ?? schedule.sigmas[step]!;
const frameIndex =
  ([, frames, height, width]: LatentShape) =>
  (index: number) =>
    Math.floor(index / (height * width)) % frames;
/** Masks have no channels. */
const maskIndex = ([, frames, height, width]: LatentShape, index: number) =>
  index % (frames * height * width);

async function tensor(readBlob: ReadBlob, digest: string, name: string): Promise<Float32Array> {
  return asFloat32(decodeSafetensors(await readBlob(digest)).tensors[name]!);
}
const latentsOf = (readBlob: ReadBlob, digest: string) => tensor(readBlob, digest, "latents");
