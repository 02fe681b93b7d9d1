import type { Platform } from "./platform.ts";

export interface BackoffRange {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Milliseconds to wait before attempt `attempt` (0 = the first repetition): doubling, bounded, and spread over the
 * upper half of the range so that many clients of a restarted server do not come back in one instant.
 */
export function backoffMs(attempt: number, range: BackoffRange, random: number): number {
  const ceiling = Math.min(range.maxMs, range.baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling / 2 + (random * ceiling) / 2);
}

/** @throws the signal's reason when it is aborted before the time is over */
export function sleep(platform: Platform, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = platform.after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
