import {
  FabricError,
  type DeriveRequestOf,
  type Manifest,
  type Piece,
  type Take,
  windowLimit,
} from "@arc-fabric/contract";
import { contextNoises } from "./context-noise.ts";
import type { DerivedPlan } from "./plan-fork.ts";
import { requireCapability } from "./plan-generate.ts";
import {
  assemblePlan,
  checkLength,
  draftOf,
  framesOf,
  illegal,
  lengthOf,
  type ModelBook,
  ownPiece,
} from "./plan-parts.ts";
import { flowSigmas, type Levels } from "./schedule.ts";
import { checkSteps } from "./take-parameters.ts";
import {
  blockRows,
  CONTEXT,
  contextFor,
  type Window,
  windowsOver,
  withNoiseFirst,
  withoutFirstFrame,
} from "./windows.ts";

type GrowRequest = DeriveRequestOf<"extend" | "insert" | "loop" | "continue">;

export interface GrowSources {
  readonly parent: Pick<Take, "id" | "model" | "parameters" | "plan">;
  /** Digest of the parent's last state. */
  readonly clean: string;
  /** Seed of the new frames' noise. */
  readonly seed: number;
}

const SHORTER = "Use fewer frames at a time.";

/** The new clip in latent frames: what it is put together from, what is made, what is shown. */
interface Canvas {
  readonly pieces: Piece[];
  readonly made: readonly [number, number];
  readonly shown: readonly [number, number];
  readonly direction: "forward" | "backward";
}

/** A longer clip: the parent's latents and noise for what is new, made block by block beside them. */
export function planGrow(
  sources: GrowSources,
  request: GrowRequest,
  models: ModelBook,
): DerivedPlan {
  const { parent, seed } = sources;
  const manifest = models.manifest(parent.model);
  requireCapability(manifest, "frame_levels", request.kind);
  const draft = draftOf(parent.plan);
  const steps = request.num_inference_steps ?? parent.parameters.num_inference_steps;
  checkSteps(steps, manifest);
  const canvas = canvasOf(sources, request, manifest);
  const frames = canvas.pieces.reduce((sum, piece) => sum + lengthOf(piece), 0);
  const windows = windowsOf(canvas, frames, request, manifest, steps);
  const { solver, shift } = parent.parameters;
  const parameters = {
    ...parent.parameters,
    prompt: request.prompt ?? parent.parameters.prompt,
    negative_prompt: request.negative_prompt ?? parent.parameters.negative_prompt,
    guidance_scale: request.guidance_scale ?? parent.parameters.guidance_scale,
    num_inference_steps: steps,
    num_frames: shownFrames(canvas, manifest),
    seed,
    model: parent.model,
    stages: null,
    cache: null,
    first_frame: null,
    last_frame: null,
  };
  const contexts = contextNoises({ pieces: canvas.pieces, parent: parent.plan, windows, seed });
  const [channels, , height, width] = draft.shape;
  const plan = assemblePlan(
    {
      shape: [channels, frames, height, width],
      start: { kind: "compose", seed, pieces: canvas.pieces },
      rows: rowsOver(canvas, frames, windows, flowSigmas(steps, shift)),
      segments: windows.map(({ window }, i) => ({
        model: parent.model,
        prompt: parameters.prompt,
        negativePrompt: parameters.negative_prompt,
        from: i * steps,
        to: (i + 1) * steps,
        solver,
        history: "reset",
        guidance_scale: parameters.guidance_scale,
        window,
        context: contexts[i]!,
        keep: null,
        cache: null,
      })),
      decode: {
        ...draft.decode,
        pieces: [{ state: null, frames: [...canvas.shown], first: canvas.shown[0] === 0 }],
        num_frames: parameters.num_frames,
      },
      fps: draft.fps,
    },
    models,
  );
  return { parameters, plan, inheritedSteps: 0 };
}

function canvasOf(
  { parent, clean }: GrowSources,
  request: GrowRequest,
  manifest: Manifest,
): Canvas {
  const own = ownPiece(parent.plan);
  if (!own)
    throw illegal(
      `Take ${parent.id} was put together from other takes. Do this with one of those, then put them together again.`,
    );
  const length = own.frames[1];
  if (own.frames[0] > 0 && request.kind !== "continue")
    throw illegal(
      `Take ${parent.id} is a block of a stream. Continue it, or edit what it shows; finalize makes one clip of the blocks.`,
    );
  const count = newLatentFrames(request.num_frames, manifest);
  const limit = windowLimit(manifest);
  const old = (from: number, to: number): Piece => ({
    kind: "latents",
    digest: clean,
    frames: [from, to],
  });
  const noise = (frames: number): Piece => ({ kind: "noise", frames });
  if (request.kind === "continue") {
    // Frame 0 stays noise and is never looked at: a block has no first frame.
    const context = Math.min(request.context_frames ?? CONTEXT, length - 1, limit - 2);
    const from = 1 + context;
    return {
      pieces: [noise(1), old(length - context, length), noise(count)],
      made: [from, from + count],
      shown: [from, from + count],
      direction: "forward",
    };
  }
  if (request.kind === "loop")
    // The beginning stands behind the end once more, for the new frames to lead to; it is not shown.
    return {
      pieces: [old(0, length), noise(count), old(0, 1)],
      made: [length, length + count],
      shown: [0, length + count],
      direction: "forward",
    };
  if (request.kind === "insert") {
    const at = insertionPoint(request.at_frame, length, manifest);
    return {
      pieces: [old(0, at), noise(count), old(at, length)],
      made: [at, at + count],
      shown: [0, length + count],
      direction: "forward",
    };
  }
  if (request.direction === "forward")
    return {
      pieces: [old(0, length), noise(count)],
      made: [length, length + count],
      shown: [0, length + count],
      direction: "forward",
    };
  // The old first latent frame stood for one frame; in the middle it stands for a group, so it is made anew.
  const rest: Piece[] = length > 1 ? [old(1, length)] : [];
  return {
    pieces: [noise(count + 1), ...rest],
    made: [0, count + 1],
    shown: [0, length + count],
    direction: "backward",
  };
}

/** @throws FabricError `unsupported_value` where they are too many */
function windowsOf(
  { made, direction }: Canvas,
  frames: number,
  request: GrowRequest,
  manifest: Manifest,
  steps: number,
): Window[] {
  const limit = windowLimit(manifest);
  checkLength(Math.ceil((made[1] - made[0]) / limit), steps, "num_frames", SHORTER);
  const cut = { frames, limit, made, direction };
  const context = request.context_frames ?? contextFor(cut);
  const windows = windowsOver({ ...cut, context });
  checkLength(windows.length, steps, "num_frames", SHORTER);
  return request.kind === "continue" ? windows.map(withoutFirstFrame) : windows;
}

function rowsOver(
  { shown: [shownFrom] }: Canvas,
  frames: number,
  windows: readonly Window[],
  sigmas: Levels,
): Levels[] {
  const rows = blockRows(
    frames,
    windows.map(({ made }) => made),
    sigmas,
  );
  return shownFrom === 0 ? rows : rows.map(withNoiseFirst);
}

function shownFrames({ shown: [from, to] }: Canvas, { latents }: Manifest): number {
  const perGroup = latents.frames_per_group;
  return from === 0 ? framesOf(to, perGroup) : (to - from) * perGroup;
}

/** @param field where the number was asked for. @throws FabricError `unsupported_value` */
export function newLatentFrames(
  frames: number,
  { name, latents }: Manifest,
  field = "num_frames",
): number {
  const perGroup = latents.frames_per_group;
  if (frames % perGroup === 0) return frames / perGroup;
  const nearest = Math.max(perGroup, Math.round(frames / perGroup) * perGroup);
  throw new FabricError(
    "unsupported_value",
    `${name} makes frames in groups of ${perGroup}: ${field} = ${frames} is no multiple; use ${nearest}.`,
    { details: { field, value: frames, step: perGroup, nearest } },
  );
}

/** @throws FabricError `range_outside_clip`, `unsupported_value` */
function insertionPoint(atFrame: number, length: number, { name, latents }: Manifest): number {
  const perGroup = latents.frames_per_group;
  const last = framesOf(length, perGroup) - perGroup;
  if (atFrame > last)
    throw new FabricError(
      "range_outside_clip",
      `at_frame = ${atFrame} is not between two groups of the clip; the last place is ${last}. Use extend to go on at the end.`,
      { details: { field: "at_frame", value: atFrame, min: 1, max: last } },
    );
  if ((atFrame - 1) % perGroup === 0) return 1 + (atFrame - 1) / perGroup;
  const nearest = 1 + Math.round((atFrame - 1) / perGroup) * perGroup;
  throw new FabricError(
    "unsupported_value",
    `${name} keeps frames in groups of ${perGroup}: at_frame = ${atFrame} lies inside one; use ${nearest}.`,
    { details: { field: "at_frame", value: atFrame, nearest } },
  );
}
