import { FabricError } from "@arc-fabric/contract";
import type { BlobStore, Logger, System } from "@arc-fabric/core";

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
export async function openBlobStore(deps: BlobStoreDeps): Promise<BlobStore> {
  throw new FabricError("internal", `Not written yet: ${deps.directory}`);
}
