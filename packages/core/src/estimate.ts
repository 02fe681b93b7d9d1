import type { Estimate, LatentShape, Plan, Planned } from "@arc-fabric/contract";
import type { DerivedPlan } from "./plan/plan-fork.ts";
import { decodeOf, segmentsOf } from "./plan/plan-parts.ts";
import type { MeasuredSeconds, Store } from "./ports/store.ts";

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
  let [seconds, rest] = [0, 0];
  for (const { model, from, to, frames } of partsOf(plan)) {
    const measured = await measuredPart(store, model, plan.shape, frames);
    if (!measured) return null;
    seconds += Math.max(0, to - Math.max(from, reused)) * measured.step;
    rest = Math.max(rest, measured.rest);
  }
  const steps = plan.total_steps - reused;
  return {
    seconds: seconds + rest,
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
      // A window that does not begin at frame 0 is shown to the net with an absent first frame.
      const frames = window[1] - window[0] + (window[0] > 0 ? 1 : 0);
      return { model, from, to, frames };
    });
  const { model, pieces } = decodeOf(plan);
  return pieces.map(({ frames: [from, to] }) => ({ model, from: 0, to: 0, frames: to - from }));
}

/**
 * A step is measured on what the net sees at once; the rest, which is mostly decoding, grows with the clip. Where nothing of this
 * length was measured, both are told in proportion to the frames.
 */
async function measuredPart(
  store: Store,
  model: string,
  shape: LatentShape,
  frames: number,
): Promise<Pick<MeasuredSeconds, "step" | "rest"> | null> {
  const [channels, length, height, width] = shape;
  const whole = await store.measuredSeconds(model, shape);
  const part = await store.measuredSeconds(model, [channels, frames, height, width]);
  const known = whole ?? part ?? (await store.measuredSeconds(model, null));
  if (!known) return null;
  return {
    step: part ? part.step : (known.step * frames) / known.frames,
    rest: (known.rest * length) / known.frames,
  };
}
