import { defaultPlatform, type Platform } from "@arc-fabric/client";

/** The real network with a clock that runs a hundred times as fast, so that a test does not wait out a backoff. */
const SPEED = 100;
/** Above every backoff: the limits for a whole request or a silent stream stay real, as the machine may be slow. */
const REAL_FROM_MS = 20_000;

export interface FastPlatform extends Platform {
  /** Every delay asked for, in the client's milliseconds. */
  readonly delays: number[];
}

export function fastPlatform(random: () => number = () => 0.5): FastPlatform {
  const delays: number[] = [];
  let uuids = 0;
  return {
    ...defaultPlatform,
    delays,
    now: () => performance.now() * SPEED,
    random,
    randomUuid: () => `key-${++uuids}`,
    after(ms, callback) {
      delays.push(ms);
      return defaultPlatform.after(ms < REAL_FROM_MS ? ms / SPEED : ms, callback);
    },
  };
}
