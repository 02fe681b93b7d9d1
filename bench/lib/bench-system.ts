import { randomBytes } from "node:crypto";
import type { Logger, System } from "@arc-fabric/core";

/** The real clock and real chance, for benchmarks that open parts of the server by themselves. */
export const benchSystem: System = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  randomBytes: (count) => randomBytes(count),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

export const quietLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};
