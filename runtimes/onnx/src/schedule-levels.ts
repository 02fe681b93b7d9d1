import { FabricError, type Schedule } from "@arc-fabric/contract";

/** Noise level of each latent frame before step `step`; `step` = number of steps gives the levels at the end. */
export function frameLevels(schedule: Schedule, step: number, frames: number): number[] {
  const row = schedule.frame_sigmas?.[step];
  return row ? [...row] : new Array<number>(frames).fill(schedule.sigmas[step]!);
}

/** @throws FabricError `invalid_request` when the schedule cannot be walked: wrong lengths, rising levels, wrong ends */
export function checkSchedule(schedule: Schedule, from: number, to: number, frames: number): void {
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
  }
}
