/** Time for measurements, passed in. */
export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonic(): number;
}

export const systemClock: Clock = { monotonic: () => performance.now() };
