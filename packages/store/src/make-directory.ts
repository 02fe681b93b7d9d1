import { mkdir, stat } from "node:fs/promises";
import path from "node:path";
import { errnoOf } from "./disk-errors.ts";

/**
 * Makes a directory and the missing ones above it, for their owner only. Node's own `recursive` never returns where
 * nothing can be made (below /proc it tries for ever).
 * @returns the topmost directory made, null when it was there
 */
export async function makeDirectory(directory: string): Promise<string | null> {
  try {
    await mkdir(directory, { mode: 0o700 });
    return directory;
  } catch (error) {
    const code = errnoOf(error);
    if (code === "EEXIST" && (await stat(directory)).isDirectory()) return null;
    const parent = path.dirname(directory);
    if (code !== "ENOENT" || parent === directory) throw error;
    const made = await makeDirectory(parent);
    if (made === null) throw error;
    await mkdir(directory, { mode: 0o700 });
    return made;
  }
}
