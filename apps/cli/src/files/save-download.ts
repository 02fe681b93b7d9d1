import type { Download } from "@arc-fabric/client";
import { isFabricError, toFabricError } from "@arc-fabric/contract";
import { CliError } from "../cli-error.ts";
import type { Terminal } from "../output/terminal.ts";
import type { OutputTarget } from "./output-target.ts";
import { fileOf, writeOut, writeWhole } from "./write-whole.ts";

/**
 * Writes what the server sends.
 * @param name the file's name where the target is a folder
 * @returns the path, or null for standard output
 */
export async function saveDownload(
  download: Download,
  target: OutputTarget,
  name: string,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<string | null> {
  if (target.type === "stdout") {
    await writeOut(terminal, download.chunks);
    return null;
  }
  const file = fileOf(target, name);
  try {
    await writeWhole(target, file, download.chunks);
  } catch (error) {
    signal.throwIfAborted();
    throw explained(error, file);
  }
  return file;
}

function explained(error: unknown, file: string): Error {
  if (isFabricError(error) || (error as NodeJS.ErrnoException).code === undefined)
    return toFabricError(error);
  return new CliError(
    "output_failed",
    `${file} could not be written: ${(error as Error).message}.`,
    "Choose another place with -o.",
    { cause: error },
  );
}
