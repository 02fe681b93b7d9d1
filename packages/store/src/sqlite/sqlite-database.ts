import { type FabricEvent, FabricError } from "@arc-fabric/contract";
import { Kysely, sql } from "kysely";
import type { Database, Queries, WriteTransaction } from "../database.ts";
import { type BatchTransaction, GroupCommit } from "../group-commit.ts";
import type { Tables } from "../tables.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { sqliteDialect } from "./sqlite-dialect.ts";

export interface SqliteDatabaseDeps {
  /** Path of the database file, or ":memory:". */
  readonly file: string;
  /** Events of a transaction that is on disk, in order. */
  readonly onCommitted: (events: readonly FabricEvent[]) => void;
}

/** One connection that writes, by group commit, and one that reads snapshots; a database in memory has only the first. */
export class SqliteDatabase implements Database {
  readonly #deps: SqliteDatabaseDeps;
  readonly #writer: SqliteConnection;
  readonly #writerQueries: Queries;
  readonly #groupCommit: GroupCommit;
  readonly #reader: { connection: SqliteConnection; queries: Queries } | null;
  #lastRead: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(deps: SqliteDatabaseDeps) {
    this.#deps = deps;
    this.#writer = new SqliteConnection(deps.file, { mode: "write" });
    this.#writerQueries = queriesOn(this.#writer);
    this.#groupCommit = new GroupCommit(batchTransaction(this.#writer));
    this.#reader = deps.file === ":memory:" ? null : openReader(deps.file, this.#writer);
  }

  async write<Result>(work: (tx: WriteTransaction) => Promise<Result>): Promise<Result> {
    this.#refuseWhenClosed();
    const events: FabricEvent[] = [];
    const tx: WriteTransaction = {
      db: this.#writerQueries,
      announce: (event) => void events.push(event),
    };
    return this.#groupCommit.write(
      () => work(tx),
      () => this.#deps.onCommitted(events),
    );
  }

  async read<Result>(work: (db: Queries) => Promise<Result>): Promise<Result> {
    this.#refuseWhenClosed();
    const reader = this.#reader;
    if (!reader) return this.write((tx) => work(tx.db));
    const result = this.#lastRead.then(() =>
      snapshot(reader.connection, () => work(reader.queries)),
    );
    this.#lastRead = result.catch(() => {});
    return result;
  }

  async lastPosition(db: Queries): Promise<number> {
    const { rows } = await sql<{
      seq: number;
    }>`select seq from sqlite_sequence where name = 'events'`.execute(db);
    return rows[0]?.seq ?? 0;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#groupCommit.idle();
    await this.#lastRead;
    this.#reader?.connection.close();
    this.#writer.close();
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new FabricError("shutting_down", "The store is closed.");
  }
}

function queriesOn(connection: SqliteConnection): Queries {
  return new Kysely<Tables>({ dialect: sqliteDialect(connection) });
}

function openReader(
  file: string,
  writer: SqliteConnection,
): { connection: SqliteConnection; queries: Queries } {
  try {
    const connection = new SqliteConnection(file, { mode: "read" });
    return { connection, queries: queriesOn(connection) };
  } catch (error) {
    writer.close();
    throw error;
  }
}

async function snapshot<Result>(
  connection: SqliteConnection,
  work: () => Promise<Result>,
): Promise<Result> {
  connection.run("BEGIN");
  try {
    return await work();
  } finally {
    if (connection.inTransaction) connection.run("COMMIT");
  }
}

function batchTransaction(connection: SqliteConnection): BatchTransaction {
  return {
    begin: () => void connection.run("BEGIN IMMEDIATE"),
    savepoint: () => void connection.run("SAVEPOINT member"),
    release: () => void connection.run("RELEASE member"),
    rollbackToSavepoint: () => {
      if (!connection.inTransaction) return false;
      connection.run("ROLLBACK TO member");
      connection.run("RELEASE member");
      return true;
    },
    commit: () => void connection.run("COMMIT"),
    rollback: () => {
      if (connection.inTransaction) connection.run("ROLLBACK");
    },
  };
}
