import { FabricError } from "@arc-fabric/contract";

const FULL = new Set(["ENOSPC", "EDQUOT"]);
const REFUSED = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOTDIR",
  "ENOENT",
  "EEXIST",
  "EISDIR",
  "ENAMETOOLONG",
  "ELOOP",
]);

export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

/** A failed write as an error of the catalogue. `what` says what was being written, for the message. */
export function translateWriteError(error: unknown, what: string): unknown {
  if (!FULL.has(errnoOf(error) ?? "")) return error;
  return new FabricError(
    "disk_full",
    `The disk is full: ${what} could not be written. What was stored before is intact.`,
    { cause: error },
  );
}

/** The same while the data directory is opened, where being refused is a matter of its rights. */
export function translateOpenError(error: unknown, directory: string): unknown {
  const code = errnoOf(error) ?? "";
  if (!REFUSED.has(code)) return translateWriteError(error, `the data directory ${directory}`);
  return new FabricError(
    "data_dir_unwritable",
    `The data directory ${directory} cannot be written (${code}).`,
    {
      cause: error,
      details: { directory, errno: code },
    },
  );
}
