import { FabricError } from "@arc-fabric/contract";

/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The range a `Range` header asks for, or null when the whole file is to be sent: without the header, with several
 * ranges, or with a unit or form this server does not know (RFC 9110 §14.2 allows ignoring those).
 * @throws FabricError `range_not_satisfiable` when it lies outside the file
 */
export function parseRange(header: string | undefined, size: number): ByteRange | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return null;
  const [, first, last] = match;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < Number(first)) return null;
  if (start >= size || start > end)
    throw new FabricError(
      "range_not_satisfiable",
      `The range ${header} lies outside the file's ${size} bytes.`,
      {
        details: { content_range: `bytes */${size}`, bytes: size },
      },
    );
  return { start, end };
}
