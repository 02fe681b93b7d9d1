import { createHash } from "node:crypto";
import { FabricError } from "@arc-fabric/contract";
import type { IdempotencyRecord } from "@arc-fabric/core";

const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * The record of a create: the key is scoped by what is created, the fingerprint covers everything that was asked for.
 * @throws FabricError `invalid_request` when the key is empty, too long or not printable ASCII
 */
export function idempotencyRecord(
  header: string | undefined,
  operation: string,
  input: unknown,
): IdempotencyRecord | null {
  if (header === undefined) return null;
  if (!KEY.test(header))
    throw new FabricError(
      "invalid_request",
      "The Idempotency-Key must be 1 to 255 printable ASCII characters without spaces.",
      {
        details: { field: "Idempotency-Key" },
      },
    );
  const fingerprint = createHash("sha256").update(canonicalJson(input)).digest("hex");
  return { key: `${operation}:${header}`, fingerprint };
}

/** JSON with sorted keys, so that the order of fields makes no difference; a file counts by its digest. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner instanceof Uint8Array)
      return { sha256: createHash("sha256").update(inner).digest("hex") };
    return typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner;
  });
}
