import type { WorkerStatus } from "@arc-fabric/contract";

export interface SlotView {
  readonly status: WorkerStatus;
  readonly memoryBytes: number;
  /** Monotonic time of the last release; the smallest is stopped first. */
  readonly lastUsedMs: number;
}

/** What to do now so that those who wait get their workers. */
export interface AdmissionPlan {
  /** Indices into `waiting`: these get their model's warm worker. */
  readonly grant: readonly number[];
  readonly start: readonly string[];
  readonly stop: readonly string[];
}

/**
 * First come, first served over all models. Where the next one's model does not fit into the memory budget, idle
 * workers are stopped, least recently used first, and everyone behind waits: otherwise a popular model would keep its
 * memory for ever. Busy workers are never stopped.
 * @param waiting model of each waiting caller, oldest first; each fits into the budget alone
 */
export function planAdmissions(
  waiting: readonly string[],
  slots: ReadonlyMap<string, SlotView>,
  budgetBytes: number,
): AdmissionPlan {
  const grant: number[] = [];
  const start: string[] = [];
  const stop: string[] = [];
  const granted = new Set<string>();
  let usedBytes = 0;
  for (const slot of slots.values()) if (occupiesMemory(slot.status)) usedBytes += slot.memoryBytes;

  for (const [index, model] of waiting.entries()) {
    const slot = slots.get(model)!;
    if (slot.status === "warm" && !granted.has(model)) {
      grant.push(index);
      granted.add(model);
    }
    if ((slot.status !== "cold" && slot.status !== "error") || start.includes(model)) continue;
    if (usedBytes + slot.memoryBytes <= budgetBytes) {
      start.push(model);
      usedBytes += slot.memoryBytes;
      continue;
    }
    stop.push(...chooseVictims(slots, granted, usedBytes + slot.memoryBytes - budgetBytes));
    break;
  }
  return { grant, start, stop };
}

/** Idle workers to stop until `neededBytes` are free, counting those already on their way out. */
function chooseVictims(
  slots: ReadonlyMap<string, SlotView>,
  granted: ReadonlySet<string>,
  neededBytes: number,
): string[] {
  const victims: string[] = [];
  let missing = neededBytes;
  for (const slot of slots.values()) if (slot.status === "stopping") missing -= slot.memoryBytes;
  const idle = [...slots]
    .filter(([model, slot]) => slot.status === "warm" && !granted.has(model))
    .sort(([, a], [, b]) => a.lastUsedMs - b.lastUsedMs);
  for (const [model, slot] of idle) {
    if (missing <= 0) break;
    victims.push(model);
    missing -= slot.memoryBytes;
  }
  return victims;
}

function occupiesMemory(status: WorkerStatus): boolean {
  return status !== "cold" && status !== "error";
}
