import type { TakeId } from "@arc-fabric/contract";
import type { Claim } from "@arc-fabric/core";
import type { WriteTransaction } from "./database.ts";
import { prepared } from "./prepared.ts";
import type { TakeRow } from "./tables.ts";

const selectClaimed = prepared((db, { id, epoch }: { id: TakeId; epoch: number }) =>
  db
    .selectFrom("takes")
    .selectAll()
    .where("id", "=", id)
    .where("epoch", "=", epoch)
    .where("status", "=", "running"),
);

/** The take's row while the claim still holds: its take is running under its epoch. */
export async function findClaimed(
  tx: WriteTransaction,
  { take, epoch }: Claim,
): Promise<TakeRow | undefined> {
  const [row] = await selectClaimed(tx.db, { id: take.id, epoch });
  return row;
}
