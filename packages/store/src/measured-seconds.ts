import type { MeasuredSeconds } from "@arc-fabric/core";
import type { Queries } from "./database.ts";
import { median } from "./median.ts";
import { framesOfKey, shapeKey } from "./shape-key.ts";
import type { TakeRow } from "./tables.ts";

/** Enough takes to ignore a hiccup, few enough to follow a change of the machine's load. */
const RECENT_TAKES = 5;

export async function measuredSeconds(
  db: Queries,
  model: string,
  shape: readonly number[] | null,
): Promise<MeasuredSeconds | null> {
  const key = shape ? shapeKey(shape) : await newestKey(db, model);
  if (key === null) return null;
  const rows = await db
    .selectFrom("takes")
    .select(["step_seconds", "rest_seconds"])
    .where("model", "=", model)
    .where("shape_key", "=", key)
    .where("rest_seconds", "is not", null)
    .orderBy("id", "desc")
    .limit(RECENT_TAKES)
    .execute();
  const step = median(rows.map((row) => row.step_seconds ?? 0));
  const rest = median(rows.map((row) => row.rest_seconds ?? 0));
  return step === null || rest === null ? null : { frames: framesOfKey(key), step, rest };
}

async function newestKey(db: Queries, model: string): Promise<string | null> {
  const row = await db
    .selectFrom("takes")
    .select("shape_key")
    .where("model", "=", model)
    .where("shape_key", "is not", null)
    .where("rest_seconds", "is not", null)
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.shape_key ?? null;
}

/**
 * What a take that ends now took beside its steps; kept, because the steps' rows may be thinned out later. null where it
 * tells nothing: it computed no step, or it was interrupted or paused, so that waiting is in its time.
 */
export async function restSeconds(
  db: Queries,
  row: TakeRow,
  nowMs: number,
): Promise<number | null> {
  if (row.epoch !== 1 || row.step_seconds === null || row.started_at === null) return null;
  const steps = await db
    .selectFrom("states")
    .select((eb) => eb.fn.sum<number | null>("seconds").as("seconds"))
    .where("take_id", "=", row.id)
    .where("reused", "=", 0)
    .executeTakeFirst();
  return Math.max(0, (nowMs - row.started_at) / 1000 - Number(steps?.seconds ?? 0));
}
