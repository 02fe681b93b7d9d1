import { FabricError } from "@arc-fabric/contract";
import type { IdempotencyRecord } from "@arc-fabric/core";
import type { WriteTransaction } from "./database.ts";

/** A create that is repeated under its key within a day is answered as the first time. */
export const IDEMPOTENCY_KEPT_MS = 24 * 60 * 60_000;

/**
 * @returns the id of what the first call under this key made, null when this is the first call
 * @throws FabricError `idempotency_key_reused` when the first call was another request
 */
export async function findReplay(
  tx: WriteTransaction,
  record: IdempotencyRecord,
  nowMs: number,
): Promise<string | null> {
  await tx.db
    .deleteFrom("idempotency_records")
    .where("created_at", "<=", nowMs - IDEMPOTENCY_KEPT_MS)
    .execute();
  const known = await tx.db
    .selectFrom("idempotency_records")
    .select(["fingerprint", "resource_id"])
    .where("key", "=", record.key)
    .executeTakeFirst();
  if (!known) return null;
  if (known.fingerprint === record.fingerprint) return known.resource_id;
  throw new FabricError(
    "idempotency_key_reused",
    "This Idempotency-Key was used for another request within the last 24 hours.",
    {
      details: { resource_id: known.resource_id },
    },
  );
}

export async function rememberCreate(
  tx: WriteTransaction,
  record: IdempotencyRecord,
  resourceId: string,
  nowMs: number,
): Promise<void> {
  await tx.db
    .insertInto("idempotency_records")
    .values({
      key: record.key,
      fingerprint: record.fingerprint,
      resource_id: resourceId,
      created_at: nowMs,
    })
    .execute();
}
