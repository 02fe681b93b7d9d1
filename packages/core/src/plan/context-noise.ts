import type { ContextNoise, Piece, Plan } from "@arc-fabric/contract";
import { lengthOf, segmentsOf } from "./plan-parts.ts";
import type { Window } from "./windows.ts";

/**
 * At the whole level clips that go on look best where they begin like the one before, and jump where they do not (backwards, in between):
 * its noise alone does not tell how far a movement has come. At half of it every kind of join is smaller than beside clean frames.
 */
const SHARE = 0.5;

/** All of the level: there finished frames tell as little as they can, and guidance leads towards what heeds them. */
const NEGATIVE_SHARE = 1;

/** Where a latent frame's noise was drawn. */
type Source = Pick<ContextNoise, "seed" | "at">;

interface Grown {
  /** What the longer clip is put together from; its latents are all the parent's. */
  readonly pieces: readonly Piece[];
  readonly parent: Plan;
  readonly windows: readonly Window[];
  /** Of the noise of what is made. */
  readonly seed: number;
}

/** The noise of the finished frames that each window sees: those of the parent, and those that earlier windows made. */
export function contextNoises({ pieces, parent, windows, seed }: Grown): ContextNoise[][] {
  const sources = pieces.flatMap((piece): (Source | null)[] => {
    const frames = new Array<null>(lengthOf(piece)).fill(null);
    return piece.kind === "latents"
      ? frames.map((_, i) => sourceOf(parent, piece.frames[0] + i))
      : frames;
  });
  return windows.map(({ made, window }) => {
    const runs = runsOf(sources, window);
    for (let frame = made[0]; frame < made[1]; frame++) sources[frame] = { seed, at: frame };
    return runs;
  });
}

/** null where a frame was not made from noise, as a given picture was not. */
function sourceOf(plan: Plan, frame: number): Source | null {
  const { start } = plan;
  const same = { seed: start.seed, at: frame };
  switch (start.kind) {
    case "noise":
      return same;
    case "renoise":
      // What an edit kept has the older noise, and that is most of a clip.
      return { seed: start.kept_seed, at: frame };
    case "compose":
      return kindAt(start.pieces, frame) === "noise" ? same : inherited(plan, frame);
  }
}

function kindAt(pieces: readonly Piece[], frame: number): Piece["kind"] | undefined {
  let end = 0;
  return pieces.find((piece) => {
    end += lengthOf(piece);
    return frame < end;
  })?.kind;
}

/** Of a frame that was taken over from yet another take. */
function inherited(plan: Plan, frame: number): Source | null {
  const run = segmentsOf(plan, "denoise")
    .flatMap(({ context = [] }) => context)
    .find(({ frames: [from, to] }) => from <= frame && frame < to);
  return run ? { seed: run.seed, at: run.at + frame - run.frames[0] } : null;
}

function runsOf(
  sources: readonly (Source | null)[],
  [from, to]: readonly [number, number],
): ContextNoise[] {
  const runs: ContextNoise[] = [];
  for (let frame = from; frame < to; frame++) {
    const source = sources[frame];
    if (!source) continue;
    const last = runs.at(-1);
    const follows =
      last?.frames[1] === frame &&
      last.seed === source.seed &&
      last.at + frame - last.frames[0] === source.at;
    if (follows) last.frames[1] = frame + 1;
    else
      runs.push({
        frames: [frame, frame + 1],
        ...source,
        share: SHARE,
        negative_share: NEGATIVE_SHARE,
      });
  }
  return runs;
}
