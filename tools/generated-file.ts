import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { ROOT } from "./source-files.ts";

/**
 * Writes a generated file, or with `--check` on the command line only compares it with what is
 * there and sets a failing exit code when they differ.
 * @param path relative to the repository
 */
export function writeGenerated(path: string, text: string): void {
  const absolute = join(ROOT, path);
  const current = readGenerated(path);
  if (current === text) return;
  if (process.argv.includes("--check")) {
    console.error(`${path} ${current === undefined ? "is missing" : "is out of date"}.`);
    process.exitCode = 1;
    return;
  }
  mkdirSync(dirname(absolute), { recursive: true });
  writeFileSync(absolute, text);
  console.log(`Wrote ${path}.`);
}

/** Text of a file of the repository, or undefined when there is none. */
export function readGenerated(path: string): string | undefined {
  try {
    return readFileSync(join(ROOT, path), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
