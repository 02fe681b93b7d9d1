import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { BlobStore, Logger, System } from "@arc-fabric/core";
import { blobPaths, shardNames } from "./blobs/blob-paths.ts";
import { DirectoryBlobStore } from "./blobs/directory-blob-store.ts";
import { TemporaryFiles } from "./blobs/temporary-files.ts";
import { translateOpenError } from "./disk-errors.ts";
import { syncDirectory } from "./durable-files.ts";

export interface BlobStoreDeps {
  /** The data directory: `DataDirectory.path`. */
  readonly directory: string;
  readonly system: System;
  readonly logger: Logger;
}

/**
 * Opens the folders `blobs` and `work` in the data directory; torn temporary files and old work are removed.
 * @throws FabricError `data_dir_unwritable`, `disk_full`
 */
export async function openBlobStore({
  directory,
  system,
  logger,
}: BlobStoreDeps): Promise<BlobStore> {
  const paths = blobPaths(directory);
  try {
    await mkdir(paths.temporary, { recursive: true, mode: 0o700 });
    for (const shard of shardNames())
      await mkdir(path.join(paths.blobs, shard), { recursive: true, mode: 0o700 });
    await rm(paths.work, { recursive: true, force: true });
    await mkdir(paths.work, { mode: 0o700 });
    await syncDirectory(paths.blobs);
    await syncDirectory(directory);
    const torn = await new TemporaryFiles(paths.temporary).removeTorn();
    if (torn > 0)
      logger.info(`${torn} files that were being written when the server stopped were removed.`);
  } catch (error) {
    throw translateOpenError(error, directory);
  }
  return new DirectoryBlobStore({ paths, system });
}
