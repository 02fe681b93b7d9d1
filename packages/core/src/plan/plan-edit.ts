import {
  FabricError,
  invariant,
  type DeriveRequestOf,
  type Keep,
  type Manifest,
  type Start,
  type Take,
  windowLimit,
} from "@arc-fabric/contract";
import {
  blockRows,
  contextFor,
  windowsOver,
  withNoiseFirst,
  withoutFirstFrame,
} from "./windows.ts";
import {
  assemblePlan,
  checkLength,
  draftOf,
  type DraftPlan,
  type DraftSegment,
  illegal,
  latentFrameOf,
  type ModelBook,
  ownPiece,
} from "./plan-parts.ts";
import type { DerivedPlan } from "./plan-fork.ts";
import { requireCapability } from "./plan-generate.ts";
import { flowSigmas } from "./schedule.ts";

type EditRequest = DeriveRequestOf<"edit">;

/** What an edit is planned from, beside the request. */
export interface EditSources {
  readonly parent: Take;
  /** Digest of the parent's last state. */
  readonly clean: string;
  /** Digests of the parent's stored states by step. */
  readonly states: ReadonlyMap<number, string>;
  /** Digest of the mask's blob. */
  readonly mask: string;
  /** Latent frames [from, to) that the mask touches. */
  readonly frames: readonly [number, number];
  /** Seed of the noise under the mask. */
  readonly seed: number;
}

/**
 * Only what the mask covers is denoised again; the rest follows the parent's stored states where these are there and were
 * all seen by the net at once, and otherwise the straight line that leads to the same latents.
 */
export function planEdit(
  sources: EditSources,
  request: EditRequest,
  models: ModelBook,
): DerivedPlan {
  const { parent } = sources;
  const draft = draftOf(parent.plan);
  const stored = alongStored(sources, request, draft);
  const planned = stored ?? alongLine(sources, request, draft, models.manifest(parent.model));
  const segments = planned.segments.map((segment) => ({
    ...segment,
    prompt: request.prompt ?? segment.prompt,
    negativePrompt: request.negative_prompt ?? segment.negativePrompt,
    guidance_scale: request.guidance_scale ?? segment.guidance_scale,
  }));
  return {
    parameters: {
      ...parent.parameters,
      prompt: request.prompt ?? parent.parameters.prompt,
      negative_prompt: request.negative_prompt ?? parent.parameters.negative_prompt,
      guidance_scale: request.guidance_scale ?? parent.parameters.guidance_scale,
      seed: sources.seed,
      stages: stored ? parent.parameters.stages : null,
      cache: null,
    },
    plan: assemblePlan({ ...draft, ...planned, segments }, models),
    inheritedSteps: 0,
  };
}

/** What products of decimal fractions may be off by. */
const EPSILON = 1e-6;
/** Frames by which a range of seconds may end late: a clip's length is shown rounded. */
const LATE_FRAMES = 0.5;

type EditedPart = Pick<DraftPlan, "start" | "rows" | "segments">;

/** The last steps of the parent again; null where the parent's states cannot lead them. */
function alongStored(
  { parent, clean, states, mask, frames, seed }: EditSources,
  { strength = 1 }: EditRequest,
  draft: DraftPlan,
): EditedPart | null {
  const steps = parent.plan.total_steps;
  const skipped = steps - shareOf(steps, strength);
  const wholeClip = draft.segments.every(
    ({ window: [from, to] }) => from === 0 && to === draft.shape[1],
  );
  const fromNoise = draft.rows[0]!.slice(...frames).every((level) => level === 1);
  const needed = Array.from({ length: steps - skipped - 1 }, (_, i) => skipped + 1 + i);
  const before = skipped === 0 ? draft.start : states.get(skipped);
  if (!wholeClip || !fromNoise || !needed.every((step) => states.has(step))) return null;
  if (!before || (typeof before !== "string" && before.kind === "renoise")) return null;
  const start: Start = {
    kind: "renoise",
    seed,
    clean,
    mask,
    kept_seed: draft.start.seed,
    kept: typeof before === "string" ? { kind: "state", digest: before } : before,
  };
  const segments = draft.segments
    .filter(({ to }) => to > skipped)
    .map((segment, i): DraftSegment => {
      const from = Math.max(segment.from, skipped);
      const keep: Keep = {
        mask,
        clean,
        seed: draft.start.seed,
        states: Array.from(
          { length: segment.to - from },
          (_, k) => states.get(from + k + 1) ?? clean,
        ),
      };
      return {
        ...segment,
        from: from - skipped,
        to: segment.to - skipped,
        history: i === 0 ? "reset" : segment.history,
        keep,
        cache: null,
      };
    });
  return { start, rows: draft.rows.slice(skipped), segments };
}

/** Each window that has something to change, from left to right; frames without a changed cell stay clean. */
function alongLine(
  { parent, clean, mask, frames, seed }: EditSources,
  { strength = 1 }: EditRequest,
  draft: DraftPlan,
  manifest: Manifest,
): EditedPart {
  requireCapability(manifest, "frame_levels", "edit");
  const { num_inference_steps: steps, shift, solver, guidance_scale } = parent.parameters;
  const computed = shareOf(steps, strength);
  const sigmas = flowSigmas(steps, shift).slice(steps - computed);
  const cut = {
    frames: draft.shape[1],
    made: frames,
    limit: windowLimit(manifest),
    direction: "forward",
  } as const;
  const cuts = windowsOver({ ...cut, context: contextFor(cut) });
  const isBlock = ownPiece(parent.plan)!.frames[0] > 0;
  const windows = isBlock ? cuts.map(withoutFirstFrame) : cuts;
  checkLength(windows.length, computed, "frames", "Edit fewer frames at a time.");
  const rows = blockRows(
    draft.shape[1],
    windows.map(({ made }) => made),
    sigmas,
  );
  const keptSeed = draft.start.seed;
  const [first] = draft.segments;
  invariant(first, "a take with steps has a segment");
  return {
    start: { kind: "renoise", seed, clean, mask, kept_seed: keptSeed, kept: null },
    rows: isBlock ? rows.map(withNoiseFirst) : rows,
    segments: windows.map(({ window }, i) => ({
      model: parent.model,
      prompt: parent.parameters.prompt,
      negativePrompt: parent.parameters.negative_prompt,
      from: i * computed,
      to: (i + 1) * computed,
      solver,
      history: "reset",
      guidance_scale,
      window,
      keep: { mask, clean, seed: keptSeed, states: new Array<null>(computed).fill(null) },
      cache: null,
    })),
  };
}

/** At least one step. 0.28 of 25 steps are 7, though the product of the numbers is a little more. */
function shareOf(steps: number, strength: number): number {
  return Math.max(1, Math.ceil(strength * steps - EPSILON));
}

/**
 * The frames that a request means, as latent frames [from, to).
 * @throws FabricError `range_outside_clip`, `illegal_derivation`
 */
export function editedFrames(
  parent: Take,
  request: EditRequest,
  manifest: Manifest,
): [number, number] {
  const { frames, seconds } = request;
  const { num_frames: count, fps } = parent.parameters;
  if (frames && seconds) throw illegal("Give frames or seconds, not both.", { field: "seconds" });
  const [from, to] = frames ?? (seconds ? framesOfSeconds(seconds, fps, count) : [0, count]);
  if (from >= to || to > count)
    throw new FabricError(
      "range_outside_clip",
      `${frames ? `Frames [${frames.join(", ")})` : `Seconds [${seconds!.join(", ")})`} are not a range inside the clip of ${count} frames (${(count / fps).toFixed(2)} s).`,
      {
        details: {
          field: frames ? "frames" : "seconds",
          value: frames ?? seconds,
          num_frames: count,
        },
      },
    );
  const perGroup = manifest.latents.frames_per_group;
  const piece = ownPiece(parent.plan);
  if (!piece)
    throw illegal(`Take ${parent.id} was put together from other takes; edit one of those.`);
  return [latentFrameOf(from, piece, perGroup), latentFrameOf(to - 1, piece, perGroup) + 1];
}

function framesOfSeconds(
  [from, to]: readonly [number, number],
  fps: number,
  count: number,
): [number, number] {
  const end = to * fps;
  const isWhole = end > count && end <= count + LATE_FRAMES;
  return [Math.floor(from * fps + EPSILON), isWhole ? count : Math.ceil(end - EPSILON)];
}
