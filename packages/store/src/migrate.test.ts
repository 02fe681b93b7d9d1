import path from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../test/support/temporary-directory.ts";
import { MIGRATIONS, migrate } from "./migrate.ts";
import { type Migration, SQLITE_SCHEMA } from "./migrations/migration.ts";
import { SqliteDatabase } from "./sqlite/sqlite-database.ts";

async function newFile(): Promise<string> {
  return path.join(await temporaryDirectory(), "test.sqlite");
}

/** Opens the file, migrates it, looks at it and closes it. */
async function migrateFile(
  file: string,
  migrations: readonly Migration[],
): Promise<{ version: number; name: string }[]> {
  const database = new SqliteDatabase({ file, onCommitted: () => {} });
  try {
    await migrate(database, { dialect: SQLITE_SCHEMA, nowMs: 1, where: file, migrations });
    return await database.read((db) =>
      db.selectFrom("schema_migrations").select(["version", "name"]).orderBy("version").execute(),
    );
  } finally {
    await database.close();
  }
}

const addColumn: Migration = {
  version: MIGRATIONS.length + 1,
  name: "add-colour",
  up: (db) => db.schema.alterTable("sessions").addColumn("colour", "text").execute(),
};

test("migrations are numbered 1, 2, 3 …, each applied once", async () => {
  expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  const file = await newFile();
  const first = await migrateFile(file, MIGRATIONS);
  expect(first.map(({ version }) => version)).toEqual(MIGRATIONS.map(({ version }) => version));
  expect(await migrateFile(file, MIGRATIONS)).toEqual(first);
});

test("a database of an older version is brought forward", async () => {
  const file = await newFile();
  await migrateFile(file, MIGRATIONS);
  expect((await migrateFile(file, [...MIGRATIONS, addColumn])).at(-1)).toEqual({
    version: addColumn.version,
    name: "add-colour",
  });
});

test("a database of a newer version is refused and stays as it is", async () => {
  const file = await newFile();
  const newer = await migrateFile(file, [...MIGRATIONS, addColumn]);
  await expect(migrateFile(file, MIGRATIONS)).rejects.toMatchObject({
    code: "data_dir_newer",
    message: expect.stringContaining(file),
    details: { present: addColumn.version, newest: MIGRATIONS.length },
  });
  expect(await migrateFile(file, [...MIGRATIONS, addColumn])).toEqual(newer);
});

test("a migration that fails halfway leaves no trace of itself, and those before it stay", async () => {
  const file = await newFile();
  const failing: Migration = {
    ...addColumn,
    up: async (db, dialect) => {
      await addColumn.up(db, dialect);
      throw new Error("power cut");
    },
  };
  await expect(migrateFile(file, [...MIGRATIONS, failing])).rejects.toThrow("power cut");
  expect((await migrateFile(file, [...MIGRATIONS, addColumn])).at(-1)).toMatchObject({
    name: "add-colour",
  });
});
