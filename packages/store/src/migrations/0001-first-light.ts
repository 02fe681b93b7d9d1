import { sql } from "kysely";
import type { Migration } from "./migration.ts";

/** Sessions, takes with their states and artifacts, events, log lines, idempotency records. */
export const firstLight: Migration = {
  version: 1,
  name: "first-light",
  async up(db, dialect) {
    const { long, double } = dialect;
    const table = (name: string) =>
      db.schema.createTable(name).modifyEnd(sql.raw(dialect.tableOptions));

    await table("sessions")
      .addColumn("id", "text", (column) => column.primaryKey().notNull())
      .addColumn("title", "text", (column) => column.notNull())
      .addColumn("created_at", long, (column) => column.notNull())
      .addColumn("updated_at", long, (column) => column.notNull())
      .addColumn("last_seq", "integer", (column) => column.notNull())
      .execute();

    await dialect
      .addCountedKey(table("takes"), "queue_order")
      .addColumn("id", "text", (column) => column.notNull().unique())
      .addColumn("session_id", "text", (column) =>
        column.notNull().references("sessions.id").onDelete("cascade"),
      )
      .addColumn("status", "text", (column) => column.notNull())
      .addColumn("model", "text", (column) => column.notNull())
      .addColumn("parameters_json", "text", (column) => column.notNull())
      .addColumn("plan_json", "text", (column) => column.notNull())
      .addColumn("total_steps", "integer", (column) => column.notNull())
      .addColumn("phase", "text", (column) => column.notNull())
      .addColumn("step", "integer", (column) => column.notNull())
      .addColumn("step_seconds", double)
      .addColumn("error_json", "text")
      .addColumn("warnings_json", "text", (column) => column.notNull())
      .addColumn("environment_json", "text")
      .addColumn("resumes", "integer", (column) => column.notNull())
      .addColumn("epoch", long, (column) => column.notNull())
      .addColumn("priority", "integer", (column) => column.notNull())
      .addColumn("queue_front", "integer", (column) => column.notNull())
      .addColumn("created_at", long, (column) => column.notNull())
      .addColumn("started_at", long)
      .addColumn("finished_at", long)
      .execute();
    await db.schema
      .createIndex("takes_by_session")
      .on("takes")
      .columns(["session_id", "id"])
      .execute();
    await db.schema.createIndex("takes_by_status").on("takes").columns(["status", "id"]).execute();
    // Holds only what waits: the next take, a take's place and the queue's length are read from it alone.
    await sql`create index takes_queue on takes (priority desc, queue_front desc, queue_order) where status = 'queued'`.execute(
      db,
    );

    await table("take_counts")
      .addColumn("status", "text", (column) => column.primaryKey().notNull())
      .addColumn("count", "integer", (column) => column.notNull())
      .execute();
    const statuses = ["queued", "running", "paused", "completed", "failed", "cancelled"];
    await db
      .insertInto("take_counts")
      .values(statuses.map((status) => ({ status, count: 0 })))
      .execute();

    await table("states")
      .addColumn("take_id", "text", (column) =>
        column.notNull().references("takes.id").onDelete("cascade"),
      )
      .addColumn("step", "integer", (column) => column.notNull())
      .addColumn("sigma", double, (column) => column.notNull())
      .addColumn("bytes", long, (column) => column.notNull())
      .addColumn("digest", "text", (column) => column.notNull())
      .addColumn("derivation", "text", (column) => column.notNull())
      .addColumn("preview_digest", "text")
      .addColumn("seconds", double, (column) => column.notNull())
      .addColumn("model_seconds", double, (column) => column.notNull())
      .addColumn("created_at", long, (column) => column.notNull())
      .addPrimaryKeyConstraint("states_pk", ["take_id", "step"])
      .execute();

    await table("artifacts")
      .addColumn("id", "text", (column) => column.primaryKey().notNull())
      .addColumn("take_id", "text", (column) =>
        column.notNull().references("takes.id").onDelete("cascade"),
      )
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("media_type", "text", (column) => column.notNull())
      .addColumn("bytes", long, (column) => column.notNull())
      .addColumn("digest", "text", (column) => column.notNull())
      .addColumn("metadata_json", "text", (column) => column.notNull())
      .addColumn("created", "text", (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex("artifacts_by_take")
      .on("artifacts")
      .columns(["take_id", "id"])
      .execute();

    await dialect
      .addCountedKey(table("events"), "position")
      .addColumn("session_id", "text", (column) =>
        column.notNull().references("sessions.id").onDelete("cascade"),
      )
      .addColumn("seq", "integer", (column) => column.notNull())
      .addColumn("type", "text", (column) => column.notNull())
      .addColumn("data_json", "text", (column) => column.notNull())
      .addColumn("at", long, (column) => column.notNull())
      .addUniqueConstraint("events_by_session", ["session_id", "seq"])
      .execute();

    await dialect
      .addCountedKey(table("log_lines"), "id")
      .addColumn("take_id", "text", (column) =>
        column.notNull().references("takes.id").onDelete("cascade"),
      )
      .addColumn("at", "text", (column) => column.notNull())
      .addColumn("level", "text", (column) => column.notNull())
      .addColumn("source", "text", (column) => column.notNull())
      .addColumn("message", "text", (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex("log_lines_by_take")
      .on("log_lines")
      .columns(["take_id", "id"])
      .execute();

    await table("idempotency_records")
      .addColumn("key", "text", (column) => column.primaryKey().notNull())
      .addColumn("fingerprint", "text", (column) => column.notNull())
      .addColumn("resource_id", "text", (column) => column.notNull())
      .addColumn("created_at", long, (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex("idempotency_records_by_age")
      .on("idempotency_records")
      .columns(["created_at"])
      .execute();
  },
};
