import { FabricError } from "@arc-fabric/contract";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, with the terminating zero. */
const MAX_SOCKET_PATH_BYTES = 103;
/** Room for "/" and the longest socket name. */
const NAME_BYTES = 32;

export interface SocketDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * A folder only this user may enter: whoever can connect to a worker's socket is the server. It is this server's alone; sockets that
 * lie in it are those of one that was killed.
 * @param preferred used when a socket's path in it fits the system's limit; else a short temporary folder is made
 * @throws FabricError `worker_start_failed` when neither is short enough
 */
export async function openSocketDirectory(preferred: string): Promise<SocketDirectory> {
  if (fits(preferred)) {
    await rm(preferred, { recursive: true, force: true });
    await mkdir(preferred, { recursive: true, mode: 0o700 });
    await chmod(preferred, 0o700);
    // The folder belongs to the server; its sockets are removed one by one.
    return { path: preferred, remove: async () => {} };
  }
  const path = await mkdtemp(join(tmpdir(), "arc-"));
  if (!fits(path))
    throw new FabricError(
      "worker_start_failed",
      `The path of a socket in ${path} would be longer than ${MAX_SOCKET_PATH_BYTES} bytes. Set TMPDIR to a shorter folder.`,
    );
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

function fits(directory: string): boolean {
  return Buffer.byteLength(directory) + NAME_BYTES <= MAX_SOCKET_PATH_BYTES;
}
