import { readdir, stat, unlink } from "node:fs/promises";
import path from "node:path";
import { errnoOf } from "../disk-errors.ts";
import { type BlobPaths, blobPath, isDigest, shardNames } from "./blob-paths.ts";
import type { Removals } from "./removals.ts";

interface Collection {
  readonly paths: BlobPaths;
  readonly removals: Removals;
  /** Digests that stay. */
  readonly referenced: ReadonlySet<string>;
  /** What was stored (again) after this time stays: its row may be about to be written. Milliseconds since 1970. */
  readonly before: number;
}

/** Removals under way at once; the file system's threads are four, and states that are written now need them too. */
const AT_ONCE = 4;

export async function collectGarbage(
  collection: Collection,
): Promise<{ removed: number; bytes: number }> {
  const total = { removed: 0, bytes: 0 };
  for (const shard of shardNames()) {
    const names = await readdir(path.join(collection.paths.blobs, shard));
    const garbage = names.filter((entry) => isDigest(entry) && !collection.referenced.has(entry));
    for (let start = 0; start < garbage.length; start += AT_ONCE) {
      const some = garbage.slice(start, start + AT_ONCE);
      const freed = await Promise.all(some.map((name) => removeWhenOld(collection, name)));
      for (const bytes of freed) {
        if (bytes === null) continue;
        total.removed += 1;
        total.bytes += bytes;
      }
    }
  }
  return total;
}

/** @returns the bytes freed; null when the blob is too young or gone */
async function removeWhenOld(
  { paths, removals, before }: Collection,
  digest: string,
): Promise<number | null> {
  const file = blobPath(paths, digest);
  let freed: number | null = null;
  await removals.remove(digest, async () => {
    const found = await stat(file).catch(nullWhenMissing);
    if (!found || Math.round(found.mtimeMs) > before) return;
    await unlink(file).catch(nullWhenMissing);
    freed = found.size;
  });
  return freed;
}

function nullWhenMissing(error: unknown): null {
  if (errnoOf(error) === "ENOENT") return null;
  throw error;
}
