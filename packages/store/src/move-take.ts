import { invariant, TAKE_LIFECYCLE, type TakeTransition } from "@arc-fabric/contract";
import type { WriteTransaction } from "./database.ts";
import type { TakeRow } from "./tables.ts";
import { countMove } from "./take-counts.ts";

/** What else changes with the status. */
type Changes = Partial<
  Pick<
    TakeRow,
    | "phase"
    | "epoch"
    | "started_at"
    | "finished_at"
    | "error_json"
    | "queue_front"
    | "resumes"
    | "rest_seconds"
  >
>;

/**
 * Takes a take through a transition of `TAKE_LIFECYCLE`: the only place that changes a status. The caller has checked that
 * it is allowed. A mark to pause belongs to the run that it was put on, so it ends here.
 */
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
    .set({ ...changes, status, waiting: status === "queued" ? 1 : 0, pause_requested: 0 })
    .where("id", "=", row.id)
    .returningAll()
    .executeTakeFirstOrThrow();
}
