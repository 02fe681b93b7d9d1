import { createHash, randomBytes } from "node:crypto";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import path from "node:path";
import type { FabricClient } from "@arc-fabric/client";
import { isFabricError, toFabricError, type Artifact, type Take } from "@arc-fabric/contract";
import { CliError } from "../cli-error.ts";
import type { Terminal } from "../output/terminal.ts";
import { fileNameOf, freePath, type OutputTarget, type Variant } from "./output-target.ts";

interface SaveDeps {
  readonly client: FabricClient;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/**
 * Writes an artifact whole or not at all: a temporary file beside the target, checked against the digest, then renamed.
 * @returns the path, or null for standard output
 */
export async function saveArtifact(
  deps: SaveDeps,
  take: Take,
  variant: Variant,
  target: OutputTarget,
): Promise<string | null> {
  const artifact = take.artifacts.find(({ kind }) => kind === variant);
  if (!artifact)
    throw new CliError(
      "nothing_there",
      `The take ${take.id} is ${take.status} and has no ${variant}.`,
      `See it with: arc show ${take.id}`,
    );
  if (target.type === "stdout") {
    for await (const chunk of chunksOf(deps, artifact)) await deps.terminal.out(chunk);
    return null;
  }
  const file =
    target.type === "folder" ? freePath(target.path, fileNameOf(take, variant)) : target.path;
  const special = target.type === "file" && target.special;
  try {
    await (special ? writeInto(deps, artifact, file) : writeBesideAndRename(deps, artifact, file));
  } catch (error) {
    deps.signal.throwIfAborted();
    throw explained(error, file, take);
  }
  return file;
}

async function writeBesideAndRename(
  deps: SaveDeps,
  artifact: Artifact,
  file: string,
): Promise<void> {
  const temporary = path.join(
    path.dirname(file),
    `.${path.basename(file)}.${randomBytes(4).toString("hex")}.part`,
  );
  try {
    const handle = await open(temporary, "wx");
    try {
      await writeChunks(deps, artifact, handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeInto(deps: SaveDeps, artifact: Artifact, file: string): Promise<void> {
  const handle = await open(file, "w");
  try {
    await writeChunks(deps, artifact, handle);
  } finally {
    await handle.close();
  }
}

async function writeChunks(deps: SaveDeps, artifact: Artifact, handle: FileHandle): Promise<void> {
  for await (const chunk of chunksOf(deps, artifact)) await handle.write(chunk);
}

/** @throws CliError `download_corrupt` at the end when the bytes are not those the server promised */
async function* chunksOf(deps: SaveDeps, artifact: Artifact): AsyncGenerator<Uint8Array, void> {
  const hash = createHash("sha256");
  const download = await deps.client.artifacts.download(artifact.id, { signal: deps.signal });
  for await (const chunk of download.chunks) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest("hex") !== artifact.digest)
    throw new CliError(
      "download_corrupt",
      `What arrived is not the ${artifact.kind} the server has: its digest differs.`,
      "Download it again; if it stays so, check the server's disk.",
    );
}

function explained(error: unknown, file: string, take: Take): Error {
  if (error instanceof CliError || isFabricError(error)) return error;
  if ((error as NodeJS.ErrnoException).code === undefined) return toFabricError(error);
  return new CliError(
    "output_failed",
    `${file} could not be written: ${(error as Error).message}.`,
    `The video is stored. Save it elsewhere: arc download ${take.id} -o FILE`,
    { cause: error },
  );
}
