import {
  FabricError,
  invariant,
  type DecodePiece,
  type DecodeSegment,
  type DenoiseSegment,
  type EncodeSegment,
  type Manifest,
  type Piece,
  type Plan,
  type Segment,
  type Start,
} from "@arc-fabric/contract";
import { type Levels, rowsOf, scheduleOf } from "./schedule.ts";

/** What the planners know of the models. */
export interface ModelBook {
  /** @throws FabricError `model_not_found` */
  manifest(id: string): Manifest;
  weightsDigest(id: string): string;
}

/** What the contract's schedule can hold. */
const MAX_STEPS = 1000;

/**
 * Called with the least number of blocks that there can be before they are worked out.
 * @param advice what to do instead
 * @throws FabricError `unsupported_value`
 */
export function checkLength(blocks: number, steps: number, field: string, advice: string): void {
  if (blocks * steps <= MAX_STEPS) return;
  throw new FabricError(
    "unsupported_value",
    `This would take ${blocks} blocks of ${steps} steps; a take has at most ${MAX_STEPS} steps. ${advice}`,
    { details: { field, blocks, steps, max: MAX_STEPS } },
  );
}

/** A denoise segment with its prompts in place, before the prompts are numbered. */
export interface DraftSegment extends Omit<DenoiseSegment, "type" | "conditioning"> {
  readonly prompt: string;
  readonly negativePrompt: string;
}

export interface DraftPlan {
  readonly shape: Plan["shape"];
  readonly start: Start;
  readonly rows: readonly Levels[];
  readonly segments: readonly DraftSegment[];
  readonly decode: Omit<DecodeSegment, "type">;
  readonly fps: number;
}

/** The plan of a draft: each pair of model and prompts is encoded once. */
export function assemblePlan(draft: DraftPlan, models: ModelBook): Plan {
  const { shape, start, rows, decode, fps } = draft;
  const encodes: EncodeSegment[] = [];
  const denoises = draft.segments.map(({ prompt, negativePrompt, ...segment }): DenoiseSegment => {
    const encode: EncodeSegment = {
      type: "encode",
      model: segment.model,
      prompt,
      negative_prompt: negativePrompt,
    };
    const known = encodes.findIndex((other) => sameEncode(other, encode));
    if (known === -1) encodes.push(encode);
    return { type: "denoise", ...segment, conditioning: known === -1 ? encodes.length - 1 : known };
  });
  const used = new Set([...denoises, decode].map(({ model }) => model));
  return {
    version: 2,
    weights: Object.fromEntries([...used].map((id) => [id, models.weightsDigest(id)])),
    shape,
    start,
    schedule: scheduleOf(rows),
    total_steps: rows.length - 1,
    segments: [
      ...encodes,
      ...denoises,
      { type: "decode", ...decode },
      { type: "post_process", fps, outputs: ["video", "thumbnail", "spritesheet"] },
    ],
  };
}

function sameEncode(a: EncodeSegment, b: EncodeSegment): boolean {
  return a.model === b.model && a.prompt === b.prompt && a.negative_prompt === b.negative_prompt;
}

/** The reverse of `assemblePlan`, for plans that are derived from one. */
export function draftOf(plan: Plan): DraftPlan {
  const encodes = segmentsOf(plan, "encode");
  const { type: _type, ...decode } = decodeOf(plan);
  return {
    shape: plan.shape,
    start: plan.start,
    rows: rowsOf(plan),
    segments: segmentsOf(plan, "denoise").map(({ type: _denoise, conditioning, ...segment }) => {
      const encode = encodes[conditioning];
      invariant(encode, "a denoise segment's prompts are in its plan");
      return { ...segment, prompt: encode.prompt, negativePrompt: encode.negative_prompt };
    }),
    decode,
    fps: segmentsOf(plan, "post_process")[0]!.fps,
  };
}

type SegmentOf<Type extends Segment["type"]> = Extract<Segment, { type: Type }>;

export function segmentsOf<Type extends Segment["type"]>(plan: Plan, type: Type) {
  return plan.segments.filter((segment): segment is SegmentOf<Type> => segment.type === type);
}

export function decodeOf(plan: Plan): DecodeSegment {
  const [decode] = segmentsOf(plan, "decode");
  invariant(decode, "a plan has a decode segment");
  return decode;
}

/** The denoise segment that computes step `step` (counted from 0). */
export function segmentAt(plan: Plan, step: number): DenoiseSegment {
  const segment = segmentsOf(plan, "denoise").find(({ from, to }) => from <= step && step < to);
  invariant(segment, `step ${step} belongs to a segment`);
  return segment;
}

/** The one piece of a clip that is a take's own; null for clips put together from several takes. */
export function ownPiece(plan: Plan): DecodePiece | null {
  const { pieces } = decodeOf(plan);
  return pieces.length === 1 && pieces[0]!.state === null ? pieces[0]! : null;
}

/** Latent frames of a piece that a clip begins with. */
export function lengthOf(piece: Piece): number {
  if (piece.kind === "image") return 1;
  return piece.kind === "noise" ? piece.frames : piece.frames[1] - piece.frames[0];
}

/** Frames that latent frames [0, count) decode to. */
export function framesOf(latentFrames: number, framesPerGroup: number): number {
  return 1 + (latentFrames - 1) * framesPerGroup;
}

/** The latent frame that a frame of a piece is decoded from. */
export function latentFrameOf(
  frame: number,
  { frames: [from], first }: DecodePiece,
  framesPerGroup: number,
): number {
  if (!first) return from + Math.floor(frame / framesPerGroup);
  return frame === 0 ? from : from + 1 + Math.floor((frame - 1) / framesPerGroup);
}

/** Digests of every blob that a plan reads: states of other takes, and masks and pictures that were made for it. */
export function inputsOf(plan: Plan): { states: string[]; inputs: string[] } {
  const read: Read = { states: new Set(), inputs: new Set() };
  addStart(plan.start, read);
  for (const { keep } of segmentsOf(plan, "denoise")) {
    if (!keep) continue;
    read.inputs.add(keep.mask);
    for (const digest of [keep.clean, ...keep.states]) if (digest) read.states.add(digest);
  }
  for (const { state } of decodeOf(plan).pieces) if (state) read.states.add(state);
  return { states: [...read.states], inputs: [...read.inputs] };
}

interface Read {
  readonly states: Set<string>;
  readonly inputs: Set<string>;
}

function addStart(start: Start | { kind: "state"; digest: string } | null, read: Read): void {
  if (start?.kind === "state") read.states.add(start.digest);
  if (start?.kind === "compose")
    for (const piece of start.pieces) {
      if (piece.kind === "latents") read.states.add(piece.digest);
      if (piece.kind === "image") read.inputs.add(piece.digest);
    }
  if (start?.kind !== "renoise") return;
  read.states.add(start.clean);
  read.inputs.add(start.mask);
  addStart(start.kept, read);
}

export function illegal(message: string, details: Record<string, unknown> = {}): FabricError {
  return new FabricError("illegal_derivation", message, { details });
}
