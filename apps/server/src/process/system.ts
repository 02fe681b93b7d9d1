import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { System } from "@arc-fabric/core";

/** The real clock and chance of this process. */
export function createSystem(): System {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    randomBytes: (count) => randomBytes(count),
    async sleep(ms, signal) {
      try {
        await delay(ms, undefined, signal ? { signal } : {});
      } catch (error) {
        throw signal?.aborted ? signal.reason : error;
      }
    },
  };
}
