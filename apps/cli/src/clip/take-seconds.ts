import type { Take } from "@arc-fabric/contract";

/** Seconds from start to end; 0 for a take that never started. */
export function secondsOf(take: Take): number {
  if (take.started_at === null || take.finished_at === null) return 0;
  return (Date.parse(take.finished_at) - Date.parse(take.started_at)) / 1000;
}
