import type { Estimate, Plan, Planned } from "@arc-fabric/contract";
import type { DerivedPlan } from "./plan/plan-fork.ts";
import { segmentsOf } from "./plan/plan-parts.ts";
import type { Store } from "./ports/store.ts";

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
  const [channels, , height, width] = plan.shape;
  let [seconds, rest] = [0, 0];
  for (const { model, from, to, window } of segmentsOf(plan, "denoise")) {
    // A window that does not begin at frame 0 is shown to the net with an absent first frame.
    const seen = window[1] - window[0] + (window[0] > 0 ? 1 : 0);
    const measured =
      (await store.measuredSeconds(model, [channels, seen, height, width])) ??
      (await store.measuredSeconds(model, plan.shape)) ??
      (await store.measuredSeconds(model, null));
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
