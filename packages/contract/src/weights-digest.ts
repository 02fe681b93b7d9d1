import type { Manifest } from "./manifest.ts";

/**
 * One digest for all that a model computes by: sha256 over the lines "path sha256\n" of its files, sorted by path, and over how far it is
 * guided, where that is not to the end.
 * Part of every state's derivation, so that other weights never continue a trajectory.
 * @param sha256 hex digest of a UTF-8 text; passed in because this package runs in browsers too, where hashing is not a synchronous builtin
 */
export function weightsDigest(
  { files, guidance_until: until }: Pick<Manifest, "files" | "guidance_until">,
  sha256: (text: string) => string,
): string {
  const lines = files.map((file) => `${file.path} ${file.sha256}\n`).sort();
  if (until > 0) lines.push(`guidance_until ${until}\n`);
  return sha256(lines.join(""));
}
