import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { loadSqlite } from "./load-sqlite.ts";
import { translateSqliteError } from "./sqlite-errors.ts";

const { DatabaseSync: Database } = loadSqlite();

/** How long a statement waits for another process (a backup tool) to finish its transaction. */
const BUSY_TIMEOUT_MS = 5000;
/** The log is copied into the database after this many pages (16 MiB): at SQLite's 1,000 a burst of creates waited for it four times as often. */
const CHECKPOINT_PAGES = 4000;
const CACHE_KIB = 16_384;
/** The store has about 60 statements; lists of ids make some more. */
const MAX_PREPARED = 300;

interface Prepared {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
}

export interface StatementResult {
  readonly rows: Record<string, unknown>[];
  readonly changes: number;
  readonly lastInsertRowid: number;
}

/** One SQLite connection with its prepared statements. Every error it throws is translated to the catalogue. */
export class SqliteConnection {
  readonly file: string;
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  /**
   * @param file path of the database, or ":memory:"
   * @param options.mode "lock" opens a file that is only there to be locked, and does not wait for another's lock
   */
  constructor(file: string, { mode }: { mode: "read" | "write" | "lock" }) {
    this.file = file;
    const timeout = mode === "lock" ? 0 : BUSY_TIMEOUT_MS;
    this.#database = this.#translated(
      () => new Database(file, { readOnly: mode === "read", timeout }),
    );
    try {
      if (mode === "write") this.#prepareForWriting();
      if (mode !== "lock") this.run("PRAGMA foreign_keys = ON");
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** WAL with synchronous FULL: a commit returns after its fsync, so it survives a power cut. */
  #prepareForWriting(): void {
    this.run("PRAGMA journal_mode = WAL");
    this.run("PRAGMA synchronous = FULL");
    this.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    this.run(`PRAGMA cache_size = -${CACHE_KIB}`);
    this.run("PRAGMA journal_size_limit = 67108864");
  }

  /** True between BEGIN and COMMIT; SQLite rolls back by itself on some errors, a full disk among them. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  run(sql: string, parameters: readonly SQLInputValue[] = []): StatementResult {
    return this.#translated(() => {
      const { statement, returnsRows } = this.#prepare(sql);
      if (returnsRows)
        return { rows: statement.all(...parameters), changes: 0, lastInsertRowid: 0 };
      const { changes, lastInsertRowid } = statement.run(...parameters);
      return { rows: [], changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) };
    });
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    const prepared = { statement, returnsRows: statement.columns().length > 0 };
    const oldest = this.#prepared.keys().next();
    if (this.#prepared.size >= MAX_PREPARED && !oldest.done) this.#prepared.delete(oldest.value);
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  #translated<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw translateSqliteError(error, this.file);
    }
  }
}
