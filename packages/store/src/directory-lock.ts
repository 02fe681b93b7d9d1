import { readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { FabricError } from "@arc-fabric/contract";
import { SqliteConnection } from "./sqlite/sqlite-connection.ts";

const LOCK_FILE = "lock.sqlite";
/** Says who holds the lock, for the message to the one that does not get it. Nothing is decided by it. */
const HOLDER_FILE = "lock.json";

export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Holds a directory for this process by a transaction that is never committed: SQLite's exclusive lock is a lock of the
 * operating system on an open file, so it ends with the process, also by kill -9 and before anyone has reaped it. A
 * file with a process id would have to be judged stale (a zombie still answers to `kill 0`; ids are used again).
 * @throws FabricError `data_dir_locked`
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const holderFile = path.join(directory, HOLDER_FILE);
  const connection = await takeLock(directory, holderFile);
  await writeFile(holderFile, `${JSON.stringify({ pid: process.pid, host: hostname() })}\n`, {
    mode: 0o600,
  }).catch(() => {});
  let held = true;
  return {
    release: async () => {
      if (!held) return;
      held = false;
      await rm(holderFile, { force: true }).catch(() => {});
      connection.close();
    },
  };
}

async function takeLock(directory: string, holderFile: string): Promise<SqliteConnection> {
  const connection = new SqliteConnection(path.join(directory, LOCK_FILE), { mode: "lock" });
  try {
    connection.run("BEGIN EXCLUSIVE");
    return connection;
  } catch (error) {
    connection.close();
    if ((error as FabricError).code !== "data_dir_locked") throw error;
    const holder = await readHolder(holderFile);
    throw new FabricError(
      "data_dir_locked",
      `Another server${holder} uses the data directory ${directory}.`,
      {
        cause: error,
        details: { directory },
      },
    );
  }
}

async function readHolder(file: string): Promise<string> {
  try {
    const { pid, host } = JSON.parse(await readFile(file, "utf8")) as {
      pid?: unknown;
      host?: unknown;
    };
    return ` (process ${Number(pid)} on ${String(host)})`;
  } catch {
    return "";
  }
}
