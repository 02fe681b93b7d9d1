import { FabricError, type TakeId } from "@arc-fabric/contract";
import type { Claim, NewTake, ReusablePrefix } from "@arc-fabric/core";
import { appendEvent } from "./append-event.ts";
import type { Queries, WriteTransaction } from "./database.ts";
import { findClaimed } from "./find-claimed.ts";
import { findTakeRow, takeNotFound } from "./takes.ts";
import { updateProgress } from "./trajectory.ts";

/** Derivations that one query asks for; databases bound the number of values in a statement. */
const CHUNK = 500;
/** Stored steps that an error names. */
const MAX_NAMED = 100;

/** @throws FabricError `take_not_found`, `state_not_found` */
export async function inheritStates(
  tx: WriteTransaction,
  take: Pick<NewTake, "id" | "nowMs">,
  from: { takeId: TakeId; step: number },
): Promise<void> {
  await copyStates(tx, { ...from, to: take.id, nowMs: take.nowMs });
  const last = await tx.db
    .selectFrom("states")
    .select("step")
    .where("take_id", "=", take.id)
    .where("step", "=", from.step)
    .executeTakeFirst();
  if (last) return;
  if (!(await findTakeRow(tx.db, from.takeId))) throw takeNotFound(from.takeId);
  throw await stateNotStored(tx.db, from);
}

async function stateNotStored(
  db: Queries,
  { takeId, step }: { takeId: TakeId; step: number },
): Promise<FabricError> {
  const rows = await db
    .selectFrom("states")
    .select("step")
    .where("take_id", "=", takeId)
    .orderBy("step")
    .limit(MAX_NAMED)
    .execute();
  const stored = rows.map((row) => row.step);
  const advice =
    stored.length === 0
      ? "No state of this take is stored: begin at step 0 instead."
      : `Begin at step 0 or at one that is stored: ${stored.join(", ")}.`;
  return new FabricError(
    "state_not_found",
    `The state of take ${takeId} after step ${step} is not stored. ${advice}`,
    { details: { take_id: takeId, step, stored_steps: stored } },
  );
}

/** Rows of the first states, which point to the same blobs; what the other take has already stays. */
async function copyStates(
  tx: WriteTransaction,
  copy: { takeId: TakeId; step: number; to: TakeId; nowMs: number },
): Promise<void> {
  await tx.db
    .insertInto("states")
    .columns([...COPIED, ...(["take_id", "label", "reused", "created_at"] as const)])
    .expression((eb) =>
      eb
        .selectFrom("states")
        .select([...COPIED])
        .select([
          eb.val(copy.to).as("take_id"),
          eb.val(null).as("label"),
          eb.lit(1).as("reused"),
          eb.val(copy.nowMs).as("created_at"),
        ])
        .where("take_id", "=", copy.takeId)
        .where("step", "<=", copy.step),
    )
    .onConflict((conflict) => conflict.columns(["take_id", "step"]).doNothing())
    .execute();
}

const COPIED = [
  "step",
  "sigma",
  "bytes",
  "digest",
  "derivation",
  "preview_digest",
  "environment",
  "seconds",
  "model_seconds",
] as const;

/** From the end, so that the first match is the longest. */
export async function findPrefix(
  db: Queries,
  derivations: readonly string[],
  environment: string,
  except: TakeId,
): Promise<ReusablePrefix | null> {
  for (let end = derivations.length; end > 0; end -= CHUNK) {
    const first = Math.max(0, end - CHUNK);
    const row = await db
      .selectFrom("states")
      .select(["take_id", "step"])
      .where("derivation", "in", derivations.slice(first, end))
      .where("environment", "=", environment)
      .where("take_id", "!=", except)
      .orderBy("step", "desc")
      .orderBy("take_id")
      .limit(1)
      .executeTakeFirst();
    // A derivation is a digest over all steps before it, so it stands for one step only.
    if (row) return { takeId: row.take_id, step: row.step };
  }
  return null;
}

export async function adoptPrefix(
  tx: WriteTransaction,
  claim: Claim,
  prefix: ReusablePrefix,
  nowMs: number,
): Promise<boolean> {
  const row = await findClaimed(tx, claim);
  if (!row) return false;
  await copyStates(tx, { ...prefix, to: row.id, nowMs });
  const { step } = await tx.db
    .selectFrom("states")
    .select((eb) => eb.fn.max<number | null>("step").as("step"))
    .where("take_id", "=", row.id)
    .executeTakeFirstOrThrow();
  // The other take may have been deleted or thinned out since it was found: then less is reused, or nothing.
  const gained = (step ?? 0) - row.step;
  if (gained <= 0) return true;
  const steps_reused = row.steps_reused + gained;
  await tx.db.updateTable("takes").set({ steps_reused }).where("id", "=", row.id).execute();
  await updateProgress(tx, { id: row.id, steps_reused });
  const data = { take_id: row.id, from_take_id: prefix.takeId, steps: steps_reused };
  await appendEvent(tx, row.session_id, { type: "take.reused", data }, nowMs);
  return true;
}
