import type { NamedParts } from "@arc-fabric/contract";
import type { DenoiseRequest } from "@arc-fabric/core";

type Start = DenoiseRequest["start"];
type KeptStart = Extract<Start, { kind: "renoise" }>["kept"];

/** What goes with a denoise message: its conditioning, its state, and the blobs that it names, each by its digest. */
export async function denoiseParts(request: DenoiseRequest): Promise<NamedParts> {
  const { segment, conditioning, state, start, from, readBlob } = request;
  const digests = new Set(from === 0 ? digestsOf(start) : []);
  if (segment.keep) digests.add(segment.keep.mask).add(segment.keep.clean);
  const parts: Record<string, Uint8Array> = { conditioning };
  if (state) parts["state"] = state;
  for (const digest of digests) parts[digest] = await readBlob(digest);
  return parts;
}

function digestsOf(start: Start | KeptStart): string[] {
  if (start === null || start.kind === "noise") return [];
  if (start.kind === "state") return [start.digest];
  if (start.kind === "renoise") return [start.clean, start.mask, ...digestsOf(start.kept)];
  return start.pieces.flatMap((piece) => (piece.kind === "noise" ? [] : [piece.digest]));
}
