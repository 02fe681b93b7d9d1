import type { System } from "@arc-fabric/core";

/** Runs `action` after `ms` unless the returned function is called before. */
export function startTimer(system: System, ms: number, action: () => void): () => void {
  const controller = new AbortController();
  system.sleep(ms, controller.signal).then(action, () => {});
  return () => controller.abort();
}

/** Resolves with true when `promise` settles within `ms`, with false otherwise. */
export async function settlesWithin(
  system: System,
  promise: Promise<unknown>,
  ms: number,
): Promise<boolean> {
  const controller = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  const timeout = system.sleep(ms, controller.signal).then(
    () => false,
    () => false,
  );
  const result = await Promise.race([settled, timeout]);
  controller.abort();
  return result;
}
