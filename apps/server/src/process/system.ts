import { randomBytes, randomFillSync } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { System } from "@arc-fabric/core";

/** Random bytes are drawn this many at a time: a call for each id costs more than the id. */
const POOL_BYTES = 8192;

/** The real clock and chance of this process. */
export function createSystem(): System {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    randomBytes(count) {
      if (count > POOL_BYTES) return randomBytes(count);
      if (used + count > POOL_BYTES) {
        randomFillSync(pool);
        used = 0;
      }
      used += count;
      return pool.slice(used - count, used);
    },
    async sleep(ms, signal) {
      try {
        await delay(ms, undefined, signal ? { signal } : {});
      } catch (error) {
        throw signal?.aborted ? signal.reason : error;
      }
    },
  };
}
