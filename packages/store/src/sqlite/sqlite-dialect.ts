import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { SQLInputValue } from "node:sqlite";
import { invariant } from "@arc-fabric/contract";
import type { SqliteConnection } from "./sqlite-connection.ts";

/**
 * Kysely on one connection of ours. Transactions are begun and ended by `SqliteDatabase`, which shares them between
 * callers; Kysely's own `transaction()` would bypass that and is refused.
 */
export function sqliteDialect(connection: SqliteConnection): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new SqliteDriver(connection),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db as never),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

class SqliteDriver implements Driver {
  readonly #connection: DatabaseConnection;

  constructor(connection: SqliteConnection) {
    this.#connection = {
      executeQuery: (query) => execute(connection, query),
      streamQuery: () => refuse("rows are read in pages, not streamed"),
    };
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async beginTransaction(): Promise<void> {
    refuse("transactions belong to SqliteDatabase");
  }

  async commitTransaction(): Promise<void> {
    refuse("transactions belong to SqliteDatabase");
  }

  async rollbackTransaction(): Promise<void> {
    refuse("transactions belong to SqliteDatabase");
  }

  async releaseConnection(): Promise<void> {}

  /** The connection is closed by its owner. */
  async destroy(): Promise<void> {}
}

async function execute<Row>(
  connection: SqliteConnection,
  query: CompiledQuery,
): Promise<QueryResult<Row>> {
  const result = connection.run(query.sql, query.parameters as readonly SQLInputValue[]);
  return {
    rows: result.rows as Row[],
    numAffectedRows: BigInt(result.changes),
    insertId: BigInt(result.lastInsertRowid),
  };
}

function refuse(reason: string): never {
  invariant(false, reason);
  throw new Error(reason);
}
