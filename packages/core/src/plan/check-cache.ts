import { FabricError, isCachedStep, type StepCache } from "@arc-fabric/contract";
import type { DraftSegment } from "./plan-parts.ts";

/**
 * A cache that was asked for lies inside the steps, and some step that will be computed uses a prediction again.
 * @param from the first step that is not there already
 * @throws FabricError `schedule_mismatch`
 */
export function checkCache(
  cache: StepCache | null | undefined,
  segments: readonly DraftSegment[],
  from = 0,
): void {
  if (!cache) return;
  const { start, end, interval } = cache;
  const steps = segments.at(-1)!.to;
  if (start >= end || end > steps)
    refuse(
      cache,
      steps,
      `The cached steps [${start}, ${end}) do not lie inside the ${steps} steps.`,
    );
  const has = segments.some((segment) => segment.from >= from && usesAgain(segment));
  if (has) return;
  const place = from > 0 ? ` after step ${from}` : "";
  refuse(
    cache,
    steps,
    `In the cached steps [${start}, ${end}) with interval ${interval} no step${place} uses a prediction again. Give a longer range or a smaller interval.`,
  );
}

function usesAgain(segment: DraftSegment): boolean {
  for (let step = segment.from; step < segment.to; step++)
    if (isCachedStep(segment, step)) return true;
  return false;
}

function refuse(cache: StepCache, steps: number, message: string): never {
  throw new FabricError("schedule_mismatch", message, {
    details: { field: "cache", value: cache, steps },
  });
}

/** What is left of a cache where fewer steps follow than it was meant for. */
export function cacheWithin(cache: StepCache | null, steps: number): StepCache | null {
  // The first cached step is always computed.
  if (!cache || cache.start + 1 >= steps) return null;
  return { ...cache, end: Math.min(cache.end, steps) };
}
