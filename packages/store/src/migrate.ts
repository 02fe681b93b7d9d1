import { FabricError, invariant } from "@arc-fabric/contract";
import { sql } from "kysely";
import type { Database, Queries } from "./database.ts";
import { firstLight } from "./migrations/0001-first-light.ts";
import { trajectory } from "./migrations/0002-trajectory.ts";
import type { Migration, SchemaDialect } from "./migrations/migration.ts";

/** All of them, in order. */
export const MIGRATIONS: readonly Migration[] = [firstLight, trajectory];

/**
 * Brings the schema forward to the newest version, each migration in a transaction of its own. There is no way back.
 * @param where names the database in messages
 * @throws FabricError `data_dir_newer` when the database has a version this code does not know
 */
export async function migrate(
  database: Database,
  options: {
    dialect: SchemaDialect;
    nowMs: number;
    where: string;
    migrations?: readonly Migration[];
  },
): Promise<void> {
  const migrations = options.migrations ?? MIGRATIONS;
  const newest = migrations.at(-1)?.version ?? 0;
  const present = await database.write((tx) => presentVersion(tx.db, options.dialect));
  if (present > newest)
    throw new FabricError(
      "data_dir_newer",
      `The database ${options.where} has schema version ${present}; this version of Arc Fabric knows up to ${newest}.`,
      { details: { present, newest } },
    );
  for (const migration of migrations.slice(present)) {
    invariant(
      migrations[migration.version - 1] === migration,
      `migration ${migration.version} stands at its number`,
    );
    await database.write(async ({ db }) => {
      await migration.up(db, options.dialect);
      await db
        .insertInto("schema_migrations")
        .values({ version: migration.version, name: migration.name, applied_at: options.nowMs })
        .execute();
    });
  }
}

async function presentVersion(db: Queries, dialect: SchemaDialect): Promise<number> {
  await db.schema
    .createTable("schema_migrations")
    .ifNotExists()
    .addColumn("version", "integer", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("applied_at", dialect.long, (column) => column.notNull())
    .modifyEnd(sql.raw(dialect.tableOptions))
    .execute();
  const row = await db
    .selectFrom("schema_migrations")
    .select((eb) => eb.fn.max("version").as("version"))
    .executeTakeFirst();
  return Number(row?.version ?? 0);
}
