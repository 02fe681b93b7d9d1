import { access, constants, readFile } from "node:fs/promises";
import path from "node:path";
import { FabricError } from "@arc-fabric/contract";
import { lockDirectory } from "./directory-lock.ts";
import { errnoOf, translateOpenError } from "./disk-errors.ts";
import { makeDirectory } from "./make-directory.ts";
import { replaceFile, syncDirectory } from "./durable-files.ts";

/** Raised when the meaning of the files and folders changes; the database counts its own schema. */
const LAYOUT_VERSION = 1;
const LAYOUT_FILE = "layout.json";

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
 * @throws FabricError `data_dir_unwritable`, `data_dir_newer`, `data_dir_damaged`, `data_dir_locked`, `disk_full`
 */
export async function openDataDirectory(directory: string): Promise<DataDirectory> {
  const absolute = path.resolve(directory);
  try {
    const made = await makeDirectory(absolute);
    // The folder above may be one we must not read; then its next sync is the system's own.
    if (made) await syncDirectory(path.dirname(made)).catch(() => {});
    await access(absolute, constants.R_OK | constants.W_OK | constants.X_OK);
    const layout = await readLayout(absolute);
    const lock = await lockDirectory(absolute);
    try {
      if (layout === null)
        await replaceFile(
          absolute,
          path.join(absolute, LAYOUT_FILE),
          `${JSON.stringify({ layout: LAYOUT_VERSION })}\n`,
        );
    } catch (error) {
      await lock.release();
      throw error;
    }
    return { path: absolute, close: () => lock.release() };
  } catch (error) {
    throw translateOpenError(error, absolute);
  }
}

/** @returns null in a directory that is new */
async function readLayout(directory: string): Promise<number | null> {
  const file = path.join(directory, LAYOUT_FILE);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  const layout = parseLayout(text);
  if (layout === null)
    throw new FabricError(
      "data_dir_damaged",
      `${file} cannot be read; it should be {"layout": ${LAYOUT_VERSION}}.`,
      { details: { file } },
    );
  if (layout > LAYOUT_VERSION)
    throw new FabricError(
      "data_dir_newer",
      `The data directory ${directory} has layout ${layout}; this version of Arc Fabric knows up to ${LAYOUT_VERSION}.`,
      { details: { directory, present: layout, newest: LAYOUT_VERSION } },
    );
  return layout;
}

function parseLayout(text: string): number | null {
  try {
    const { layout } = JSON.parse(text) as { layout?: unknown };
    return typeof layout === "number" && Number.isInteger(layout) && layout >= 1 ? layout : null;
  } catch {
    return null;
  }
}
