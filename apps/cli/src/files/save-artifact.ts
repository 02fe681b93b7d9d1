import { createHash } from "node:crypto";
import type { FabricClient } from "@arc-fabric/client";
import { isFabricError, toFabricError, type Artifact, type Take } from "@arc-fabric/contract";
import { CliError } from "../cli-error.ts";
import type { Terminal } from "../output/terminal.ts";
import { fileNameOf, type OutputTarget, type Variant } from "./output-target.ts";
import { fileOf, writeOut, writeWhole } from "./write-whole.ts";

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
    await writeOut(deps.terminal, chunksOf(deps, artifact));
    return null;
  }
  const file = fileOf(target, fileNameOf(take, variant));
  try {
    await writeWhole(target, file, chunksOf(deps, artifact));
  } catch (error) {
    deps.signal.throwIfAborted();
    throw explained(error, file, take);
  }
  return file;
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
