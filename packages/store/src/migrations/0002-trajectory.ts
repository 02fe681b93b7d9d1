import { type Kysely, sql } from "kysely";
import type { Migration, SchemaDialect } from "./migration.ts";
import { parametersVersion2, planVersion2 } from "./plan-version-2.ts";

/** Takes that are derived, paused, preempted and in turn; states that are labelled, reused and found by derivation; files; streams. */
export const trajectory: Migration = {
  version: 2,
  name: "trajectory",
  async up(db, dialect) {
    await addTakeColumns(db, dialect);
    await addStateColumns(db);
    await db.schema.alterTable("sessions").addColumn("head_take_id", "text").execute();
    await addTables(db, dialect);
    await restartUnfinished(db);
    await rewriteTakes(db);
  },
};

async function addTakeColumns(db: Kysely<any>, { double }: SchemaDialect): Promise<void> {
  const takes = () => db.schema.alterTable("takes");
  // A parent and its child may be in different sessions; then the child outlives the parent.
  await takes()
    .addColumn("parent_id", "text", (column) => column.references("takes.id").onDelete("set null"))
    .execute();
  const generated = JSON.stringify({ kind: "generate" });
  await takes()
    .addColumn("origin_json", "text", (column) => column.notNull().defaultTo(generated))
    .execute();
  await takes().addColumn("title", "text").execute();
  for (const name of ["tags_json", "environment_changes_json"])
    await takes()
      .addColumn(name, "text", (column) => column.notNull().defaultTo("[]"))
      .execute();
  for (const name of ["pause_requested", "waiting", "turn", "steps_reused"])
    await takes()
      .addColumn(name, "integer", (column) => column.notNull().defaultTo(0))
      .execute();
  await takes().addColumn("begins_at", "integer").execute();
  for (const name of ["estimate_json", "proof_json", "shape_key"])
    await takes().addColumn(name, "text").execute();
  await takes().addColumn("rest_seconds", double).execute();

  await db.schema.dropIndex("takes_queue").execute();
  // Holds only what waits. With the status in its condition SQLite would rather use the index by status, and sort.
  await sql`create index takes_queue on takes (priority desc, queue_front desc, turn, queue_order) where waiting = 1`.execute(
    db,
  );
  await sql`create index takes_turns on takes (session_id, priority, turn) where waiting = 1 and queue_front = 0`.execute(
    db,
  );
  await sql`create index takes_by_parent on takes (parent_id, id) where parent_id is not null`.execute(
    db,
  );
  await sql`create index takes_measured on takes (model, shape_key, id) where rest_seconds is not null`.execute(
    db,
  );
}

async function addStateColumns(db: Kysely<any>): Promise<void> {
  const states = () => db.schema.alterTable("states");
  await states().addColumn("label", "text").execute();
  await states()
    .addColumn("reused", "integer", (column) => column.notNull().defaultTo(0))
    .execute();
  await states()
    .addColumn("environment", "text", (column) => column.notNull().defaultTo(""))
    .execute();
  await db.schema
    .createIndex("states_by_derivation")
    .on("states")
    .columns(["derivation", "environment"])
    .execute();
  // Whether a blob is still used, and what the states take on the disk, are read from it alone.
  await db.schema
    .createIndex("states_by_digest")
    .on("states")
    .columns(["digest", "bytes"])
    .execute();
}

async function addTables(db: Kysely<any>, { long, tableOptions }: SchemaDialect): Promise<void> {
  const table = (name: string) => db.schema.createTable(name).modifyEnd(sql.raw(tableOptions));
  await table("take_inputs")
    .addColumn("take_id", "text", (column) =>
      column.notNull().references("takes.id").onDelete("cascade"),
    )
    .addColumn("digest", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("take_inputs_pk", ["take_id", "digest"])
    .execute();
  await db.schema
    .createIndex("take_inputs_by_digest")
    .on("take_inputs")
    .columns(["digest"])
    .execute();
  await table("files")
    .addColumn("digest", "text", (column) => column.primaryKey().notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("media_type", "text", (column) => column.notNull())
    .addColumn("bytes", long, (column) => column.notNull())
    .addColumn("width", "integer", (column) => column.notNull())
    .addColumn("height", "integer", (column) => column.notNull())
    .addColumn("created_at", long, (column) => column.notNull())
    .execute();
  await table("streams")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("session_id", "text", (column) =>
      column.notNull().references("sessions.id").onDelete("cascade"),
    )
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("stream_json", "text", (column) => column.notNull())
    .execute();
  for (const column of ["session_id", "status"])
    await db.schema
      .createIndex(`streams_by_${column}`)
      .on("streams")
      .columns([column, "id"])
      .execute();
}

/** States of version 1 cannot be continued by the runtimes of version 2, so what was under way starts at its first step again. */
async function restartUnfinished(db: Kysely<any>): Promise<void> {
  const unfinished = db
    .selectFrom("takes")
    .select("id")
    .where("status", "in", ["queued", "running"]);
  await db.deleteFrom("states").where("take_id", "in", unfinished).execute();
  await db
    .updateTable("takes")
    .set({ step: 0, step_seconds: null })
    .where("id", "in", unfinished)
    .execute();
}

const PAGE = 200;

/** Plans and parameters in today's words, so that every row can be read; measurements that can be told; turns. */
async function rewriteTakes(db: Kysely<any>): Promise<void> {
  const turns = new Map<string, number>();
  for (let after = 0; ;) {
    const rows = await db
      .selectFrom("takes")
      .select(["queue_order", "session_id", "status", "parameters_json", "plan_json"])
      .where("queue_order", ">", after)
      .orderBy("queue_order")
      .limit(PAGE)
      .execute();
    for (const row of rows) {
      const plan = planVersion2(JSON.parse(row.plan_json)) as { shape: number[] } | null;
      const turn = row.status === "queued" ? (turns.get(row.session_id) ?? 0) + 1 : 0;
      if (turn > 0) turns.set(row.session_id, turn);
      const changes = {
        parameters_json: JSON.stringify(parametersVersion2(JSON.parse(row.parameters_json))),
        turn,
        waiting: row.status === "queued" ? 1 : 0,
        ...(plan && { plan_json: JSON.stringify(plan), shape_key: plan.shape.join("x") }),
      };
      await db
        .updateTable("takes")
        .set(changes)
        .where("queue_order", "=", row.queue_order)
        .execute();
      after = row.queue_order;
    }
    if (rows.length < PAGE) break;
  }
  await sql`update takes set rest_seconds = (finished_at - started_at) / 1000.0 - (select coalesce(sum(seconds), 0) from states where take_id = takes.id) where status = 'completed' and epoch = 1 and step_seconds is not null`.execute(
    db,
  );
}
