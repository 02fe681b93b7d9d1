import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

const POLL_MS = 10;

/** Every process that descends from `pid`, from the system's process table (Linux). */
export function descendants(pid: number): RunningProcess[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const stat = /^\d+$/.test(name) ? readText(`/proc/${name}/stat`) : null;
    // pid (name) state ppid …; the name may hold blanks and brackets.
    const parent = stat && /\) [A-Z] (\d+)/.exec(stat)?.[1];
    if (parent) parents.set(Number(name), Number(parent));
  }
  const found: number[] = [];
  const open = [pid];
  for (let next = open.pop(); next !== undefined; next = open.pop())
    for (const [child, parent] of parents)
      if (parent === next) {
        found.push(child);
        open.push(child);
      }
  return found.map((child) => ({ pid: child, command: commandOf(child) }));
}

/** Waits until none of them is there. @throws Error that names those that stay */
export async function waitUntilGone(
  processes: readonly RunningProcess[],
  timeoutMs: number,
): Promise<void> {
  for (let waited = 0; ; waited += POLL_MS) {
    const left = processes.filter(
      ({ pid, command }) => commandOf(pid) === command && command !== "",
    );
    if (left.length === 0) return;
    if (waited > timeoutMs)
      throw new Error(`Orphans: ${left.map(({ pid, command }) => `${pid} ${command}`).join("; ")}`);
    await sleep(POLL_MS);
  }
}

/** Empty for a process that is gone or only waits to be collected. */
function commandOf(pid: number): string {
  return (readText(`/proc/${pid}/cmdline`) ?? "").replaceAll("\0", " ").trim();
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
