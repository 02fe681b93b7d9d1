import { readdir, rm, stat } from "node:fs/promises";
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

export async function collectGarbage(
  collection: Collection,
): Promise<{ removed: number; bytes: number }> {
  const total = { removed: 0, bytes: 0 };
  for (const shard of shardNames()) {
    const names = await readdir(path.join(collection.paths.blobs, shard));
    for (const name of names.filter(
      (entry) => isDigest(entry) && !collection.referenced.has(entry),
    )) {
      const bytes = await removeWhenOld(collection, name);
      if (bytes === null) continue;
      total.removed += 1;
      total.bytes += bytes;
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
    const found = await stat(file).catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return null;
      throw error;
    });
    if (!found || Math.round(found.mtimeMs) > before) return;
    await rm(file, { force: true });
    freed = found.size;
  });
  return freed;
}
