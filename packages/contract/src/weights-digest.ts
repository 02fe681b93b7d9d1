import type { Manifest } from "./manifest.ts";

/**
 * One digest for all files of a model: sha256 over the lines "path sha256\n", sorted by path.
 * Part of every state's derivation, so that other weights never continue a trajectory.
 * @param sha256 hex digest of a UTF-8 text; passed in because this package runs in browsers too, where hashing is not a synchronous builtin
 */
export function weightsDigest(
  manifest: Pick<Manifest, "files">,
  sha256: (text: string) => string,
): string {
  const lines = manifest.files.map((file) => `${file.path} ${file.sha256}\n`).sort();
  return sha256(lines.join(""));
}
