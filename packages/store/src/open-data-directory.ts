import { FabricError } from "@arc-fabric/contract";

/** The data directory, held exclusively by this process until `close` or the process's end. */
export interface DataDirectory {
  /** Absolute path; what `openStore` and `openBlobStore` take as `directory`. */
  readonly path: string;
  /** Gives the lock back; call it after the store and the blob store are closed. */
  close(): Promise<void>;
}

/**
 * Creates the directory (mode 0700) when it is missing, checks that it can be written and was not written by a newer
 * version, and locks it for this process.
 * @throws FabricError `data_dir_unwritable`, `data_dir_newer`, `data_dir_locked`, `disk_full`
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  throw new FabricError("internal", `Not written yet: ${path}`);
}
