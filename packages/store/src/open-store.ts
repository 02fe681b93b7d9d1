import { open } from "node:fs/promises";
import path from "node:path";
import type { Logger, Store, System } from "@arc-fabric/core";
import { translateOpenError } from "./disk-errors.ts";
import { migrate } from "./migrate.ts";
import { SQLITE_SCHEMA } from "./migrations/migration.ts";
import { SqliteDatabase } from "./sqlite/sqlite-database.ts";
import { sqlStore, Subscribers } from "./sql-store.ts";

export interface StoreDeps {
  /** The data directory: `DataDirectory.path`. */
  readonly directory: string;
  readonly system: System;
  readonly logger: Logger;
}

/** The database's name in the data directory; SQLite keeps `-wal` and `-shm` files beside it. */
export const DATABASE_FILE = "arc-fabric.sqlite";

/**
 * Opens the database in the data directory, bringing its schema up to date.
 * @throws FabricError `data_dir_newer`, `data_dir_damaged`, `data_dir_unwritable`, `disk_full`
 */
export async function openStore({ directory, system, logger }: StoreDeps): Promise<Store> {
  const file = path.join(directory, DATABASE_FILE);
  try {
    // SQLite gives its other files the rights of the first.
    await (await open(file, "a", 0o600)).close();
  } catch (error) {
    throw translateOpenError(error, directory);
  }
  return openSqliteStore(file, { system, logger });
}

/** @param file path of the database, or ":memory:" */
export async function openSqliteStore(
  file: string,
  { system, logger }: Omit<StoreDeps, "directory">,
): Promise<Store> {
  const subscribers = new Subscribers(logger);
  const database = new SqliteDatabase({
    file,
    onCommitted: (events) => subscribers.notify(events),
  });
  try {
    await migrate(database, { dialect: SQLITE_SCHEMA, nowMs: system.now(), where: file });
  } catch (error) {
    await database.close();
    throw error;
  }
  return sqlStore({ database, subscribers });
}
