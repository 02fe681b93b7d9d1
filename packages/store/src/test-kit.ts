import type { Logger, Store, System } from "@arc-fabric/core";
import { openSqliteStore } from "./open-store.ts";

/**
 * For tests of other packages: the real store on a database in memory. It passes the same conformance suite as the one
 * on disk; only durability is missing.
 */
export function openMemoryStore(deps: { system: System; logger: Logger }): Promise<Store> {
  return openSqliteStore(":memory:", deps);
}
