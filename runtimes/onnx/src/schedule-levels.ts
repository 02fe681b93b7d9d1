import { FabricError, type Schedule } from "@arc-fabric/contract";

/** Noise level of each latent frame before step `step`; `step` = number of steps gives the levels at the end. */
export function frameLevels(schedule: Schedule, step: number, frames: number): number[] {
  const row = schedule.frame_sigmas?.[step];
  return row ? [...row] : new Array<number>(frames).fill(schedule.sigmas[step]!);
}

/** Steps [from, to) of a clip of so many latent frames, of which those of the window may move. */
interface Walk {
  readonly from: number;
  readonly to: number;
  readonly frames: number;
  readonly window: readonly [number, number];
}

/** @throws FabricError `invalid_request` when the schedule cannot be walked: wrong lengths, rising levels, wrong ends, frames that move outside the window */
export function checkSchedule(schedule: Schedule, { from, to, frames, window }: Walk): void {
  const totalSteps = schedule.sigmas.length - 1;
  if (from >= to || to > totalSteps)
    throw new FabricError(
      "invalid_request",
      `Steps [${from}, ${to}) do not lie in a schedule of ${totalSteps} steps.`,
    );
  const rows = schedule.frame_sigmas;
  if (rows && rows.length !== totalSteps + 1)
    throw new FabricError(
      "invalid_request",
      `frame_sigmas has ${rows.length} rows; a schedule of ${totalSteps} steps has ${totalSteps + 1}.`,
    );
  for (let step = from; step < to; step++) {
    const before = frameLevels(schedule, step, frames);
    const after = frameLevels(schedule, step + 1, frames);
    if (before.length !== frames || after.length !== frames)
      throw new FabricError(
        "invalid_request",
        `frame_sigmas must have ${frames} levels per step, one per latent frame.`,
      );
    if (after.some((level, frame) => level > before[frame]!))
      throw new FabricError(
        "invalid_request",
        `Noise levels rise in step ${step + 1}; they may only fall or stay.`,
      );
    const outside = before.findIndex(
      (level, frame) => level !== after[frame] && (frame < window[0] || frame >= window[1]),
    );
    if (outside !== -1)
      throw new FabricError(
        "invalid_request",
        `Latent frame ${outside} moves in step ${step + 1}, but the net sees only [${window.join(", ")}).`,
      );
  }
}
