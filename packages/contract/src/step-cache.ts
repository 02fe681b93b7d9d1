import type { DenoiseSegment, StepCache } from "./plan.ts";

/** Whether the rule alone says that step `step` reuses the last computed velocity. */
export function reusesVelocity(cache: StepCache | null, step: number): boolean {
  if (!cache || step < cache.start || step >= cache.end) return false;
  return (step - cache.start) % cache.interval !== 0;
}

/** Whether step `step` of the plan reuses the last computed velocity; a segment's first step always computes its own. */
export function isCachedStep(
  segment: Pick<DenoiseSegment, "from" | "cache">,
  step: number,
): boolean {
  return step !== segment.from && reusesVelocity(segment.cache, step);
}
