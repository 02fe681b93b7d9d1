import { type FileHandle, open, rename, unlink } from "node:fs/promises";

/** Makes a directory's entries (names made, moved or removed in it) survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * A new file that `fill` writes and that is on disk when this resolves; its name is not yet (see `syncDirectory`).
 * When `fill` fails nothing is left of it.
 */
export async function writeNewFile(
  path: string,
  fill: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await fill(file);
    await file.datasync();
    await file.close();
  } catch (error) {
    await file.close().catch(() => {});
    await unlink(path).catch(() => {});
    throw error;
  }
}

/** Writes all of it: one call to the system may write less. */
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength;) {
    const { bytesWritten } = await file.write(bytes, offset);
    offset += bytesWritten;
  }
}

/** Replaces a small file as a whole: after a power cut it has the old or the new text. */
export async function replaceFile(directory: string, path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  await unlink(temporary).catch(() => {});
  await writeNewFile(temporary, (file) => writeAll(file, Buffer.from(text)));
  await rename(temporary, path);
  await syncDirectory(directory);
}
