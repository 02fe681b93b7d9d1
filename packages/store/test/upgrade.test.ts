import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { eventSchema, sessionSchema, stateSchema, takeSchema } from "@arc-fabric/contract";
import type { Store } from "@arc-fabric/core";
import { openStore } from "@arc-fabric/store";
import { loadSqlite } from "../src/sqlite/load-sqlite.ts";
import { Maker, testLogger, testSystem } from "./support/fixtures.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const DUMP = path.join(import.meta.dirname, "fixtures/version-1.sql");

/** The data directory of a server of version 1 that was killed, opened by this version. */
async function upgraded(): Promise<{ store: Store; make: Maker; directory: string }> {
  const directory = await temporaryDirectory();
  // A dump names its tables by their letters, so rows come before those that they refer to.
  const database = new (loadSqlite().DatabaseSync)(path.join(directory, "arc-fabric.sqlite"), {
    enableForeignKeyConstraints: false,
  });
  database.exec(await readFile(DUMP, "utf8"));
  database.close();
  const system = testSystem(1_760_000_000_000);
  const store = await openStore({ directory, system, logger: testLogger() });
  onTestFinished(() => store.close());
  return { store, make: new Maker(store, system), directory };
}

const everything = { limit: 100, order: "asc" } as const;

test("a database of version 1 opens, and every row of it can be read by today's schemas", async () => {
  const { store } = await upgraded();
  const sessions = (await store.listSessions(everything)).items;
  expect(sessions.map(({ title, take_count }) => [title, take_count])).toEqual([
    ["A ball on a meadow", 6],
    ["Another", 1],
  ]);
  for (const session of sessions) expect(sessionSchema.parse(session)).toEqual(session);
  const takes = (await store.listTakes({}, everything)).items;
  expect(takes.map(({ status }) => status)).toEqual([
    "completed",
    "failed",
    "cancelled",
    "running",
    "queued",
    "queued",
    "queued",
  ]);
  for (const take of takes) {
    expect(takeSchema.parse(take)).toEqual(take);
    expect(take).toMatchObject({ origin: { kind: "generate" }, parent_id: null, priority: 0 });
    for (const state of await store.listStates(take.id))
      expect(stateSchema.parse(state)).toEqual(state);
  }
  for (const event of await store.readEvents(0, 1000))
    expect(eventSchema.parse(event)).toEqual(event);
});

test("plans of version 1 say the same in the words of version 2", async () => {
  const { store } = await upgraded();
  const [take] = (await store.listTakes({ status: ["completed"] }, everything)).items;
  expect(take?.plan).toEqual({
    version: 2,
    weights: { "zoetrope-s": "ab".repeat(32) },
    shape: [8, 5, 16, 16],
    start: { kind: "noise", seed: 7 },
    schedule: { sigmas: [1, 0.75, 0.5, 0.25, 0] },
    total_steps: 4,
    segments: [
      expect.objectContaining({ type: "encode", prompt: take?.parameters.prompt }),
      {
        type: "denoise",
        model: "zoetrope-s",
        conditioning: 0,
        from: 0,
        to: 4,
        solver: "euler",
        history: "reset",
        guidance_scale: 4,
        window: [0, 5],
        keep: null,
        cache: null,
      },
      {
        type: "decode",
        model: "zoetrope-s",
        pieces: [{ state: null, frames: [0, 5], first: true }],
        num_frames: 17,
        width: 128,
        height: 128,
      },
      { type: "post_process", fps: 8, outputs: ["video", "thumbnail"] },
    ],
  });
  expect(take?.parameters).toMatchObject({ stages: null, cache: null, reuse: true });
});

test("finished takes keep their states and artifacts; unfinished ones begin at their first step again", async () => {
  const { store, make } = await upgraded();
  const [completed, failed, cancelled, running] = (await store.listTakes({}, everything)).items;
  expect((await store.listStates(completed!.id)).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  expect(completed?.artifacts).toMatchObject([{ kind: "video" }]);
  expect([failed?.progress.step, cancelled?.progress.step]).toEqual([1, 2]);
  expect(running?.progress).toMatchObject({ step: 0, step_seconds: null });
  expect(await store.listStates(running!.id)).toEqual([]);
  await store.requeueRunning("The server was killed.", make.now());
  const order = [];
  for (let claim; (claim = await store.claimNext(make.now()));) order.push(claim.take.session_id);
  const [first, second] = (await store.listSessions(everything)).items;
  expect(order).toEqual([first!.id, first!.id, second!.id, first!.id]);
});

test("steps that version 1 measured count for estimates", async () => {
  const { store } = await upgraded();
  expect(await store.measuredSeconds("zoetrope-s", [8, 5, 16, 16])).toEqual({
    frames: 5,
    step: 0.5,
    rest: 2.01,
  });
});

test("what version 1 wrote is exported and comes back in", async () => {
  const { store, make } = await upgraded();
  for (const { id, status } of (await store.listTakes({}, everything)).items)
    if (["queued", "running"].includes(status)) await store.cancelTake(id, make.now());
  const [session] = (await store.listSessions(everything)).items;
  const records = JSON.parse(JSON.stringify(await store.exportSession(session!.id)));
  expect(await store.deleteSession(session!.id)).toBe(true);
  const copy = await store.importSession(records, make.now(), make.newIds());
  expect(copy).toMatchObject({ id: session!.id });
  expect(await store.exportSession(session!.id)).toEqual(records);
});

test("the database is sound after the upgrade", async () => {
  const { store, directory } = await upgraded();
  await store.close();
  const file = path.join(directory, "arc-fabric.sqlite");
  const database = new (loadSqlite().DatabaseSync)(file, { readOnly: true });
  expect(database.prepare("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
  expect(database.prepare("pragma foreign_key_check").all()).toEqual([]);
  database.close();
});
