import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import type { SessionId, TakeId } from "@arc-fabric/contract";
import type { BlobStore, Store } from "@arc-fabric/core";
import { openBlobStore, openDataDirectory, openStore } from "@arc-fabric/store";
import type { Acknowledgement } from "./support/crash-writer.ts";
import { loadSqlite } from "../src/sqlite/load-sqlite.ts";
import { testLogger, testSystem } from "./support/fixtures.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const WRITER = path.join(import.meta.dirname, "support/crash-writer.ts");
const ROUNDS = 15;
/** Acknowledgements after which the writer is killed, spread over what a take does. */
const killAfter = (round: number) => 3 + ((round * 37) % 60);

type Writer = ChildProcessByStdio<Writable, Readable, null>;

function startWriter(directory: string): Writer {
  const writer = spawn(process.execPath, [WRITER, directory], {
    stdio: ["pipe", "pipe", "inherit"],
    // Loading the sources is most of a round; only the first round compiles them.
    env: { ...process.env, NODE_COMPILE_CACHE: path.join(directory, "compile-cache") },
  });
  onTestFinished(() => void writer.kill("SIGKILL"));
  return writer;
}

/** Lets the writer work, kills it with -9 and returns everything it had acknowledged. */
async function runUntilKilled(writer: Writer, count: number): Promise<Acknowledgement[]> {
  const acknowledged: Acknowledgement[] = [];
  const lines = createInterface(writer.stdout);
  lines.on("line", (line) => {
    acknowledged.push(JSON.parse(line) as Acknowledgement);
    if (acknowledged.length === count) writer.kill("SIGKILL");
  });
  writer.stdin.write("go\n");
  await once(lines, "close");
  return acknowledged;
}

test(
  "killed with -9 at any point, everything acknowledged is there, sequences are gapless and nothing is torn",
  { timeout: 240_000 },
  async () => {
    const directory = await temporaryDirectory();
    const acknowledged: Acknowledgement[] = [];
    let next = startWriter(directory);
    for (let round = 0; round < ROUNDS; round++) {
      const writer = next;
      if (round + 1 < ROUNDS) next = startWriter(directory);
      const fresh = await runUntilKilled(writer, killAfter(round));
      expect(fresh.length, `round ${round} did some work`).toBeGreaterThanOrEqual(killAfter(round));
      acknowledged.push(...fresh);
      await checkDirectory(directory, fresh, checkIntegrity);
    }
    await checkDirectory(directory, acknowledged, checkEveryBlob);
  },
);

async function checkDirectory(
  directory: string,
  acknowledged: readonly Acknowledgement[],
  more: (directory: string, store: Store, blobs: BlobStore) => Promise<void>,
): Promise<void> {
  const data = await openDataDirectory(directory);
  const deps = { directory, system: testSystem(), logger: testLogger() };
  const blobs = await openBlobStore(deps);
  expect(await readdir(path.join(directory, "blobs/tmp"))).toEqual([]);
  const store = await openStore(deps);
  for (const { id, last_seq } of (await store.listSessions({ limit: 1000, order: "asc" })).items) {
    const seqs = (await store.readSessionEvents(id, 0, 100_000))!.map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: last_seq }, (_, index) => index + 1));
  }
  for (const line of acknowledged) await checkAcknowledged(store, blobs, line);
  await more(directory, store, blobs);
  await store.close();
  await data.close();
}

async function checkIntegrity(directory: string): Promise<void> {
  const database = new (loadSqlite().DatabaseSync)(path.join(directory, "arc-fabric.sqlite"), {
    readOnly: true,
  });
  expect(database.prepare("pragma integrity_check").all()).toMatchObject([
    { integrity_check: "ok" },
  ]);
  expect(database.prepare("pragma foreign_key_check").all()).toEqual([]);
  database.close();
}

async function checkAcknowledged(
  store: Store,
  blobs: BlobStore,
  line: Acknowledgement,
): Promise<void> {
  switch (line.type) {
    case "take":
      expect(await store.getTake(line.take as TakeId)).not.toBeNull();
      return;
    case "completed":
      expect(await store.getTake(line.take as TakeId)).toMatchObject({ status: "completed" });
      return;
    case "state":
      expect(await store.getState(line.take as TakeId, line.step)).toMatchObject({
        digest: line.digest,
      });
      await blobs.read(line.digest);
      return;
    case "event":
      expect((await store.getSession(line.session as SessionId))?.last_seq).toBeGreaterThanOrEqual(
        line.seq,
      );
  }
}

/** Also of rows that were never acknowledged: a row is written only when its blob is whole. */
async function checkEveryBlob(_: string, store: Store, blobs: BlobStore): Promise<void> {
  for (const digest of await store.referencedBlobs())
    expect((await blobs.read(digest)).byteLength).toBe(100_000);
}
