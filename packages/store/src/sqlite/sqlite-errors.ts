import { statfsSync } from "node:fs";
import { FabricError, isFabricError } from "@arc-fabric/contract";

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html); the extended ones carry them in the low byte. */
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** Less free than this counts as full: SQLite reports a full disk as an I/O error when it cannot grow its shared-memory file. */
const FULL_BELOW_BYTES = 256 * 1024;

interface SqliteError extends Error {
  readonly errcode: number;
  readonly errstr: string;
}

function isSqliteError(value: unknown): value is SqliteError {
  return value instanceof Error && (value as { code?: unknown }).code === "ERR_SQLITE_ERROR";
}

/** An error of SQLite as one of the catalogue; anything else is returned as it is. `file` is the database file. */
export function translateSqliteError(value: unknown, file: string): unknown {
  if (isFabricError(value) || !isSqliteError(value)) return value;
  const options = { cause: value, details: { file, sqlite: value.errcode } };
  switch (value.errcode & 0xff) {
    case FULL:
      return new FabricError(
        "disk_full",
        `The disk of ${file} is full; what was stored before is intact.`,
        options,
      );
    case IOERR:
    case CANTOPEN:
      if (isFull(file))
        return new FabricError(
          "disk_full",
          `The disk of ${file} is full; what was stored before is intact.`,
          options,
        );
      return new FabricError(
        "data_dir_unwritable",
        `The database ${file} cannot be read or written: ${value.message}.`,
        options,
      );
    case READONLY:
      return new FabricError(
        "data_dir_unwritable",
        `The database ${file} cannot be written: ${value.message}.`,
        options,
      );
    case CORRUPT:
    case NOTADB:
      return new FabricError(
        "data_dir_damaged",
        `The database ${file} is damaged: ${value.message}.`,
        options,
      );
    case BUSY:
      return new FabricError(
        "data_dir_locked",
        `Another program keeps the database ${file} locked.`,
        options,
      );
    default:
      return new FabricError(
        "internal",
        `The database refused a statement: ${value.message}.`,
        options,
      );
  }
}

function isFull(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(file);
    return bavail * bsize < FULL_BELOW_BYTES;
  } catch {
    return false;
  }
}
