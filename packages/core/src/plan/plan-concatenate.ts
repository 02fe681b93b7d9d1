import { FabricError, MAX_PIECES, type Piece, type Take } from "@arc-fabric/contract";
import type { DerivedPlan } from "./plan-fork.ts";
import { requireSameLatents } from "./plan-generate.ts";
import { assemblePlan, decodeOf, draftOf, type ModelBook } from "./plan-parts.ts";

/** A completed take and the digest of its last state; null for one that was itself put together. */
export interface Finished {
  readonly take: Take;
  readonly clean: string | null;
}

/**
 * Clips one behind the other. Nothing is denoised: the latents are decoded again.
 * @throws FabricError `latent_space_mismatch`, `illegal_derivation`, `unsupported_value`
 */
export function planConcatenate(clips: readonly Finished[], models: ModelBook): DerivedPlan {
  const [first] = clips;
  const { take } = first!;
  for (const clip of clips) checkFits(clip.take, take, models);
  const pieces = clips.flatMap(({ take: { plan }, clean }) =>
    decodeOf(plan).pieces.map((piece) => ({ ...piece, state: piece.state ?? clean! })),
  );
  if (pieces.length > MAX_PIECES)
    throw new FabricError(
      "unsupported_value",
      `These are ${pieces.length} clips; at most ${MAX_PIECES} can be put together.`,
      { details: { field: "takes", value: pieces.length, max: MAX_PIECES } },
    );
  const draft = draftOf(take.plan);
  const numFrames = clips.reduce((sum, clip) => sum + clip.take.parameters.num_frames, 0);
  const latents = pieces.map(({ state, frames }): Piece => ({
    kind: "latents",
    digest: state,
    frames,
  }));
  const [channels, , height, width] = draft.shape;
  const length = pieces.reduce((sum, { frames }) => sum + frames[1] - frames[0], 0);
  return {
    parameters: { ...take.parameters, num_frames: numFrames, stages: null, cache: null },
    plan: assemblePlan(
      {
        shape: [channels, length, height, width],
        start: { kind: "compose", seed: take.parameters.seed, pieces: latents },
        rows: [new Array<number>(length).fill(0)],
        segments: [],
        decode: { ...draft.decode, pieces, num_frames: numFrames },
        fps: draft.fps,
      },
      models,
    ),
    inheritedSteps: 0,
  };
}

function checkFits(other: Take, first: Take, models: ModelBook): void {
  requireSameLatents(other, models);
  const a = models.manifest(first.model);
  const b = models.manifest(other.model);
  if (a.latent_space !== b.latent_space)
    throw new FabricError(
      "latent_space_mismatch",
      `Take ${other.id} is in latent space ${b.latent_space}, take ${first.id} in ${a.latent_space}.`,
      { details: { field: "takes", value: other.id } },
    );
  for (const field of ["width", "height", "fps"] as const)
    if (other.parameters[field] !== first.parameters[field])
      throw new FabricError(
        "illegal_derivation",
        `Take ${other.id} has ${field} ${other.parameters[field]}, take ${first.id} has ${first.parameters[field]}; only clips of one size and rate can be put together.`,
        { details: { field: "takes", value: other.id } },
      );
}
