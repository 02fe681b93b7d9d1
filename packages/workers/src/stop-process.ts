import type { System } from "@arc-fabric/core";
import type { WorkerTimeouts } from "./model-host-deps.ts";
import type { WorkerProcess } from "./spawn-worker.ts";
import { settlesWithin } from "./start-timer.ts";

/**
 * Ends a process, politely first: whatever `ask` sends, the end of stdin, SIGTERM, SIGKILL.
 * Resolves when it is gone.
 */
export async function stopProcess(
  process: WorkerProcess,
  ask: () => void,
  timeouts: WorkerTimeouts,
  system: System,
): Promise<void> {
  ask();
  if (await settlesWithin(system, process.exited, timeouts.shutdownMs)) return;
  process.endInput();
  if (await settlesWithin(system, process.exited, timeouts.forceKillMs)) return;
  process.kill("SIGTERM");
  if (await settlesWithin(system, process.exited, timeouts.forceKillMs)) return;
  process.kill("SIGKILL");
  await process.exited;
}
