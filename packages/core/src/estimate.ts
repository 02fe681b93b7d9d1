import {
  framesSeen,
  type Estimate,
  type LatentShape,
  type Plan,
  type Planned,
} from "@arc-fabric/contract";
import type { DerivedPlan } from "./plan/plan-fork.ts";
import { decodeOf, segmentsOf } from "./plan/plan-parts.ts";
import type { MeasuredSeconds, Store } from "./ports/store.ts";

/**
 * A step's time grows by this power of the frames that the net sees, for a part of its work is attention between all of them: 1.5 on
 * zoetrope-m, 1.7 on zoetrope-s, from 17 frames to 49.
 */
const STEP_GROWTH = 1.5;

/** A plan as it is told before it runs. */
export async function withEstimate(store: Store, derived: DerivedPlan): Promise<Planned> {
  const { parameters, plan, inheritedSteps: steps_reused, keptShare: kept_share = null } = derived;
  const estimate = await estimateRun(store, plan, steps_reused);
  return { parameters, plan, steps_reused, kept_share, estimate };
}

/**
 * What a plan will take, from what steps of its models took on this machine; null where one of them has not run yet.
 * @param reused leading steps that are there already
 */
async function estimateRun(store: Store, plan: Plan, reused: number): Promise<Estimate | null> {
  let seconds = 0;
  // What was measured on the most frames tells best what the clip takes beside its steps.
  let rest = { frames: 0, seconds: 0 };
  for (const { model, from, to, frames } of partsOf(plan)) {
    const measured = await measuredPart(store, model, plan.shape, frames);
    if (!measured) return null;
    seconds += Math.max(0, to - Math.max(from, reused)) * measured.step;
    const better =
      measured.frames === rest.frames
        ? measured.rest > rest.seconds
        : measured.frames > rest.frames;
    if (better) rest = { frames: measured.frames, seconds: measured.rest };
  }
  const steps = plan.total_steps - reused;
  return {
    seconds: seconds + rest.seconds,
    step_seconds: steps === 0 ? 0 : seconds / steps,
    steps,
    steps_reused: reused,
  };
}

interface Part {
  readonly model: string;
  readonly from: number;
  readonly to: number;
  /** Latent frames that the net or the decoder works on at once. */
  readonly frames: number;
}

/** The denoise segments; of a clip that is only put together, its pieces. */
function partsOf(plan: Plan): Part[] {
  const segments = segmentsOf(plan, "denoise");
  if (segments.length > 0)
    return segments.map(({ model, from, to, window }) => {
      return { model, from, to, frames: framesSeen(window) };
    });
  const { model, pieces } = decodeOf(plan);
  return pieces.map(({ frames: [from, to] }) => ({ model, from: 0, to: 0, frames: to - from }));
}

/**
 * A step is measured on what the net sees at once; the rest, which is mostly decoding, grows with the clip. Where nothing of this
 * length was measured, both are told from another length.
 */
async function measuredPart(
  store: Store,
  model: string,
  shape: LatentShape,
  frames: number,
): Promise<MeasuredSeconds | null> {
  const [channels, length, height, width] = shape;
  const whole = await store.measuredSeconds(model, shape);
  const part = await store.measuredSeconds(model, [channels, frames, height, width]);
  const known = whole ?? part ?? (await store.measuredSeconds(model, null));
  if (!known) return null;
  return {
    frames: known.frames,
    step: part ? part.step : known.step * (frames / known.frames) ** STEP_GROWTH,
    rest: (known.rest * length) / known.frames,
  };
}
