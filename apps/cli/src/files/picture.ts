import { readFileSync } from "node:fs";
import path from "node:path";
import type { FabricClient } from "@arc-fabric/client";
import { FabricError, isFabricError } from "@arc-fabric/contract";
import type { CommandName } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { notReadable } from "./not-readable.ts";

/** A picture of the command line, read before any work is done. */
export interface Picture {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** @throws UsageError when it cannot be read */
export function readPicture(command: CommandName, file: string, userDirectory: string): Picture {
  const target = path.resolve(userDirectory, file);
  try {
    const bytes = new Uint8Array(readFileSync(target));
    if (bytes.byteLength === 0) throw new UsageError(`${target} is empty.`, command);
    return { name: path.basename(target), bytes };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw notReadable(command, target, error);
  }
}

/** @returns the digest by which requests name it */
export async function sendPicture(
  client: FabricClient,
  { name, bytes }: Picture,
  signal: AbortSignal,
): Promise<string> {
  try {
    const { digest } = await client.files.upload(bytes, { name, signal });
    return digest;
  } catch (error) {
    if (!isFabricError(error) || error.code !== "invalid_image") throw error;
    const { message, details } = error;
    throw new FabricError("invalid_image", `${name} cannot be used: ${message}`, { details });
  }
}
