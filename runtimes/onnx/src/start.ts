import { FabricError, type NamedParts, type Piece, type Start } from "@arc-fabric/contract";
import { copyFrames } from "./copy-frames.ts";
import { encodeImage } from "./encode-image.ts";
import type { LatentShape } from "./latent-update.ts";
import type { LoadedModel } from "./loaded-model.ts";
import { blendKept, readMask } from "./mask.ts";
import { drawNoise } from "./noise.ts";
import { requirePart } from "./require-part.ts";
import { readClip } from "./state.ts";
import { straightLine } from "./straight-line.ts";

type StartOf<Kind extends Start["kind"]> = Extract<Start, { kind: Kind }>;
type KeptStart = NonNullable<StartOf<"renoise">["kept"]>;

export interface StartContext {
  readonly model: LoadedModel;
  readonly shape: LatentShape;
  /** The schedule's first row: the noise level of each latent frame before step 0. */
  readonly levels: readonly number[];
  /** The schedule's last row, at which a finished clip stands: 0, but where a stream's block has noise in the place of its first frame. */
  readonly finalLevels: readonly number[];
  /** The blobs that the start names, by their digests. */
  readonly blobs: NamedParts;
}

/**
 * The latents before step 0. They depend on the start, its blobs and its seeds only; noise is drawn by position in the clip.
 * @throws FabricError `invalid_request` when the schedule's first row, the pieces and the blobs do not belong together,
 * `invalid_mask`, `invalid_image`, `latent_space_mismatch`, `state_corrupt`
 */
export async function makeStart(start: Start, context: StartContext): Promise<Float32Array> {
  switch (start.kind) {
    case "noise":
      return noiseStart(start, context);
    case "compose":
      return composeStart(start, context);
    case "renoise":
      return renoiseStart(start, context);
  }
}

function noiseStart({ seed }: StartOf<"noise">, { shape, levels }: StartContext): Float32Array {
  requireLevels(levels, 0, shape[1], 1, "noise");
  return drawNoise(seed, shape);
}

async function composeStart(
  { seed, pieces }: StartOf<"compose">,
  context: StartContext,
): Promise<Float32Array> {
  const { shape, levels } = context;
  const total = pieces.reduce((sum, piece) => sum + countOf(piece), 0);
  if (total !== shape[1])
    throw new FabricError(
      "invalid_request",
      `The start's pieces have ${total} latent frames; the clip has ${shape[1]}.`,
    );
  const clip = drawNoise(seed, shape);
  let at = 0;
  for (const piece of pieces) {
    const count = countOf(piece);
    requireLevels(levels, at, count, piece.kind === "noise" ? 1 : 0, piece.kind);
    if (piece.kind !== "noise") {
      const run = await cleanRun(piece, context);
      copyFrames(run, { values: clip, frames: shape[1], at }, count, shape);
    }
    at += count;
  }
  return clip;
}

function countOf(piece: Piece): number {
  switch (piece.kind) {
    case "noise":
      return piece.frames;
    case "latents":
      return piece.frames[1] - piece.frames[0];
    case "image":
      return 1;
  }
}

async function cleanRun(
  piece: Exclude<Piece, { kind: "noise" }>,
  { model, blobs }: StartContext,
): Promise<{ values: Float32Array; frames: number; at: number }> {
  const blob = requirePart(blobs, piece.digest);
  if (piece.kind === "image") return { values: await encodeImage(model, blob), frames: 1, at: 0 };
  const { latents, shape, levels } = readClip(blob, model.manifest);
  const [from, to] = piece.frames;
  if (from >= to || to > shape[1])
    throw new FabricError(
      "invalid_request",
      `Latent frames [${from}, ${to}) do not lie in ${piece.digest}, which has ${shape[1]}.`,
    );
  const noisy = levels.findIndex((level, frame) => level !== 0 && frame >= from && frame < to);
  if (noisy !== -1)
    throw new FabricError(
      "invalid_request",
      `Latent frame ${noisy} of ${piece.digest} stands at level ${levels[noisy]}; only finished frames can be taken over.`,
    );
  return { values: latents, frames: shape[1], at: from };
}

async function renoiseStart(
  start: StartOf<"renoise">,
  context: StartContext,
): Promise<Float32Array> {
  const { shape, levels, blobs } = context;
  const clean = readWholeClip(start.clean, context, context.finalLevels);
  const mask = readMask(requirePart(blobs, start.mask), shape);
  const clip = straightLine(clean, drawNoise(start.seed, shape), levels, shape);
  const kept =
    start.kept === null
      ? straightLine(clean, drawNoise(start.kept_seed, shape), levels, shape)
      : await keptStart(start.kept, context);
  blendKept(clip, kept, mask, shape);
  return clip;
}

async function keptStart(start: KeptStart, context: StartContext): Promise<Float32Array> {
  if (start.kind !== "state") return makeStart(start, context);
  return readWholeClip(start.digest, context, context.levels);
}

/** Latents of a stored state that must have this clip's length and stand at these levels. */
function readWholeClip(
  digest: string,
  { model, shape, blobs }: StartContext,
  levels: readonly number[],
): Float32Array {
  const stored = readClip(requirePart(blobs, digest), model.manifest);
  requireClip(stored, digest, shape, levels);
  return stored.latents;
}

/** @throws FabricError `invalid_request` */
export function requireClip(
  stored: { shape: LatentShape; levels: readonly number[] },
  name: string,
  shape: LatentShape,
  levels: readonly number[],
): void {
  if (stored.shape[1] !== shape[1])
    throw new FabricError(
      "invalid_request",
      `${name} has ${stored.shape[1]} latent frames; the clip has ${shape[1]}.`,
    );
  if (levels.some((level, frame) => stored.levels[frame] !== level))
    throw new FabricError(
      "invalid_request",
      `${name} stands at the levels ${stored.levels.join(", ")}; ${levels.join(", ")} are needed.`,
    );
}

function requireLevels(
  levels: readonly number[],
  from: number,
  count: number,
  expected: number,
  kind: string,
): void {
  for (let frame = from; frame < from + count; frame++)
    if (levels[frame] !== expected)
      throw new FabricError(
        "invalid_request",
        `Latent frame ${frame} begins as ${kind}, at level ${expected}, but the schedule starts it at ${levels[frame]}.`,
      );
}
