import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** A run was seen to need a tenth of it; a container often has less there than even that. */
const ROOM_BYTES = 1e9;

let folder: string | null = null;

/**
 * Gives a test run a temporary folder in memory. The store syncs every step, so on a disk the tests mostly wait for it
 * (the lifecycle test 45 s instead of 3 s) and prove nothing by that: kill -9 takes nothing from what was written but
 * not synced. Set TMPDIR to run them on a disk.
 */
export function setup(): void {
  if (process.env.TMPDIR || !hasRoom()) return;
  folder = mkdtempSync(join(MEMORY, "arc-tests-"));
  process.env.TMPDIR = folder;
}

/** Removes the folder with all that was left in it. */
export function teardown(): void {
  if (folder === null) return;
  delete process.env.TMPDIR;
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    return false;
  }
}
