import type { System } from "@arc-fabric/core";

/** Calls `action` each `ms` milliseconds. @returns stops it */
export function every(system: Pick<System, "sleep">, ms: number, action: () => void): () => void {
  const stopped = new AbortController();
  const run = async () => {
    for (;;) {
      await system.sleep(ms, stopped.signal);
      action();
    }
  };
  // It only ever ends by being stopped.
  run().catch(() => {});
  return () => stopped.abort();
}
