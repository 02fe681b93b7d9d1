import { FabricError, framesSeen, type Manifest, windowLimit } from "@arc-fabric/contract";
import type { DenoiseRequest } from "./denoise.ts";
import { checkSchedule, frameLevels } from "./schedule-levels.ts";

type Checked = Pick<DenoiseRequest, "shape" | "segment" | "schedule" | "from" | "state">;

/** @throws FabricError `invalid_request`, `unsupported_value` when the segment cannot be walked by this model */
export function checkSegment(manifest: Manifest, request: Checked): void {
  const { segment, state, schedule, from } = request;
  const { channels, height, width } = manifest.latents;
  const [c, frames, h, w] = request.shape;
  if (segment.model !== manifest.id)
    throw new FabricError(
      "invalid_request",
      `The segment is for ${segment.model}, but ${manifest.id} is loaded.`,
    );
  if (c !== channels || h !== height || w !== width || frames < 1)
    throw new FabricError(
      "unsupported_value",
      `${manifest.id} has latents [${channels}, frames, ${height}, ${width}]; the plan asks for [${request.shape.join(", ")}].`,
    );
  if ((state === null) !== (from === 0))
    throw new FabricError(
      "invalid_request",
      `A segment that goes on from step ${from} needs ${from === 0 ? "no" : "a"} state.`,
    );
  if (from < segment.from)
    throw new FabricError(
      "invalid_request",
      `The segment begins at step ${segment.from}; it cannot go on from step ${from}.`,
    );
  const { keep } = segment;
  if (keep && keep.states.length !== segment.to - segment.from)
    throw new FabricError(
      "invalid_request",
      `The segment has ${segment.to - segment.from} steps but ${keep.states.length} kept states; each step has one, or null.`,
    );
  checkWindow(manifest, frames, segment.window);
  checkSchedule(schedule, { from, to: segment.to, frames, window: segment.window });
  checkContext(segment, frameLevels(schedule, segment.from, frames));
}

function checkContext(
  { context = [], window }: Checked["segment"],
  levels: readonly number[],
): void {
  for (const { frames } of context) {
    const [from, to] = frames;
    const isSeen = window[0] <= from && from < to && to <= window[1];
    if (isSeen && levels.slice(from, to).every((level) => level === 0)) continue;
    throw new FabricError(
      "invalid_request",
      `The context [${from}, ${to}) must be finished latent frames of the window [${window.join(", ")}).`,
    );
  }
}

function checkWindow(manifest: Manifest, frames: number, window: readonly [number, number]): void {
  const [from, to] = window;
  if (from >= to || to > frames)
    throw new FabricError(
      "invalid_request",
      `The window [${from}, ${to}) does not lie in a clip of ${frames} latent frames.`,
    );
  const [seen, most] = [framesSeen(window), windowLimit(manifest)];
  if (seen > most)
    throw new FabricError(
      "unsupported_value",
      `${manifest.id} sees at most ${most} latent frames at once; the window [${from}, ${to}) ${from > 0 ? "and the absent first frame are" : "is"} ${seen}.`,
    );
}
