import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Folders that hold nothing we wrote: installed, built, downloaded or produced at run time. */
const NOT_OURS = new Set([
  "node_modules",
  "dist",
  "data",
  "tmp",
  "coverage",
  "runs",
  "__pycache__",
  ".git",
  ".venv",
]);

export const ROOT = join(import.meta.dirname, "..");

/**
 * Paths of our own files below `folder`, relative to the repository with forward slashes, sorted.
 * Walks the disk rather than asking git, so that it also works in an unpacked archive.
 */
export function listSourceFiles(folder = ""): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        const skipped = NOT_OURS.has(entry.name) || entry.name.startsWith(".build-");
        return skipped ? [] : listSourceFiles(path);
      }
      return entry.isFile() ? [path] : [];
    })
    .toSorted();
}

/** TypeScript sources, tests and tooling included. */
export function listTypeScriptFiles(): string[] {
  return listSourceFiles().filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".d.ts"));
}
