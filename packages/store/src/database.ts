import type { FabricEvent } from "@arc-fabric/contract";
import type { Kysely } from "kysely";
import type { Tables } from "./tables.ts";

export type Queries = Kysely<Tables>;

/** What a writing transaction works with. */
export interface WriteTransaction {
  readonly db: Queries;
  /** Told to subscribers once the transaction is on disk. */
  announce(event: FabricEvent): void;
}

/**
 * What the store needs of an SQL database: everything that differs between dialects is behind it.
 * The work of a transaction awaits nothing but its own queries.
 */
export interface Database {
  /** A consistent snapshot of what is on disk. */
  read<Result>(work: (db: Queries) => Promise<Result>): Promise<Result>;
  /** Resolves when the work's effects are on disk; when `work` throws, it leaves no effect and the error is passed on. */
  write<Result>(work: (tx: WriteTransaction) => Promise<Result>): Promise<Result>;
  /** The highest event position ever given out, also by events that are deleted. */
  lastPosition(db: Queries): Promise<number>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}
