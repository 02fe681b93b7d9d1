import { FabricError, type Manifest } from "@arc-fabric/contract";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";

type WeightFile = Manifest["files"][number];

/**
 * Reads every file of the manifest and compares size and sha256.
 * @param onProgress fraction of all bytes read so far
 * @throws FabricError `weights_missing`, `weights_corrupt`, each naming the file
 */
export async function verifyWeights(
  manifest: Manifest,
  directory: string,
  onProgress: (fraction: number) => void,
): Promise<void> {
  const total = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  let done = 0;
  for (const file of manifest.files) {
    const path = join(directory, file.path);
    await checkSize(manifest, file, path);
    const digest = await hashFile(path);
    if (digest !== file.sha256)
      throw new FabricError(
        "weights_corrupt",
        `${path} of model ${manifest.id} has the digest ${digest}, but its manifest says ${file.sha256}.`,
        {
          details: { model: manifest.id, path, expected: file.sha256, actual: digest },
        },
      );
    done += file.bytes;
    onProgress(done / total);
  }
}

async function checkSize(manifest: Manifest, file: WeightFile, path: string): Promise<void> {
  let size: number;
  try {
    size = (await stat(path)).size;
  } catch (cause) {
    throw new FabricError("weights_missing", `${path} of model ${manifest.id} cannot be read.`, {
      details: { model: manifest.id, path },
      cause,
    });
  }
  if (size !== file.bytes)
    throw new FabricError(
      "weights_corrupt",
      `${path} of model ${manifest.id} has ${size} bytes, but its manifest says ${file.bytes}.`,
      {
        details: { model: manifest.id, path, expected: file.bytes, actual: size },
      },
    );
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }))
    hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}
