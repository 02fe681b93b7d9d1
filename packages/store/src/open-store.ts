import { FabricError } from "@arc-fabric/contract";
import type { Logger, Store, System } from "@arc-fabric/core";

export interface StoreDeps {
  /** The data directory: `DataDirectory.path`. */
  readonly directory: string;
  readonly system: System;
  readonly logger: Logger;
}

/**
 * Opens the database in the data directory, bringing its schema up to date.
 * @throws FabricError `data_dir_newer`, `data_dir_unwritable`, `disk_full`
 */
export async function openStore(deps: StoreDeps): Promise<Store> {
  throw new FabricError("internal", `Not written yet: ${deps.directory}`);
}
