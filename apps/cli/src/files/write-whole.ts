import { randomBytes } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import path from "node:path";
import type { Terminal } from "../output/terminal.ts";
import { freePath, type OutputTarget } from "./output-target.ts";

/** A file of a target that is not standard output; `name` is used in a folder. */
export function fileOf(target: Exclude<OutputTarget, { type: "stdout" }>, name: string): string {
  return target.type === "folder" ? freePath(target.path, name) : target.path;
}

/**
 * Writes a file whole or not at all: a temporary one beside it, then renamed. A device or pipe is written to as it is.
 * What `chunks` throws at its end is known before the file appears.
 */
export async function writeWhole(
  target: Exclude<OutputTarget, { type: "stdout" }>,
  file: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  if (target.type === "file" && target.special) return writeInto(file, "w", chunks);
  const temporary = path.join(
    path.dirname(file),
    `.${path.basename(file)}.${randomBytes(4).toString("hex")}.part`,
  );
  try {
    await writeInto(temporary, "wx", chunks, (handle) => handle.sync());
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Standard output may be closed by its reader; then the rest is not fetched. */
export async function writeOut(
  terminal: Pick<Terminal, "out">,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of chunks) await terminal.out(chunk);
}

async function writeInto(
  file: string,
  flags: "w" | "wx",
  chunks: AsyncIterable<Uint8Array>,
  finish: (handle: FileHandle) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const handle = await open(file, flags);
  try {
    // `write` may write only a part of a chunk, as when the disk is full; this one writes all or fails.
    for await (const chunk of chunks) await handle.writeFile(chunk);
    await finish(handle);
  } finally {
    await handle.close();
  }
}
