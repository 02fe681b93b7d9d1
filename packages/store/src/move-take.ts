import { invariant, TAKE_LIFECYCLE, type TakeTransition } from "@arc-fabric/contract";
import type { WriteTransaction } from "./database.ts";
import type { TakeRow } from "./tables.ts";
import { countMove } from "./take-counts.ts";

/** What else changes with the status. */
type Changes = Partial<
  Pick<
    TakeRow,
    "phase" | "epoch" | "started_at" | "finished_at" | "error_json" | "queue_front" | "resumes"
  >
>;

/** Takes a take through a transition of `TAKE_LIFECYCLE`: the only place that changes a status. The caller has checked that it is allowed. */
export async function move(
  tx: WriteTransaction,
  row: TakeRow,
  transition: TakeTransition,
  changes: Changes,
): Promise<TakeRow> {
  const status = TAKE_LIFECYCLE[row.status][transition];
  invariant(status, `take ${row.id} is ${row.status} and was asked to ${transition}`);
  await countMove(tx, row.status, status);
  return tx.db
    .updateTable("takes")
    .set({ ...changes, status })
    .where("id", "=", row.id)
    .returningAll()
    .executeTakeFirstOrThrow();
}
