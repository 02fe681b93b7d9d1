/**
 * Makes and runs takes in the data directory given as its argument, as fast as it can, and says on stdout what was
 * acknowledged, until it is killed. A line is written to the pipe before anything else happens, so it outlives the process.
 */
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { once } from "node:events";
import { flushCompileCache } from "node:module";
import { newId, type SessionId, type TakeId } from "@arc-fabric/contract";
import type { Claim } from "@arc-fabric/core";
import { openBlobStore, openDataDirectory, openStore } from "@arc-fabric/store";
import { Maker, testLogger, TOTAL_STEPS } from "./fixtures.ts";

const FORKED_AT = 2;

export type Acknowledgement =
  | {
      readonly type: "state";
      readonly take: string;
      readonly step: number;
      readonly digest: string;
    }
  | { readonly type: "take"; readonly take: string }
  | { readonly type: "completed"; readonly take: string }
  | { readonly type: "event"; readonly session: string; readonly seq: number };

const system = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  randomBytes: (count: number) => randomBytes(count),
  sleep: async () => {},
  advance: () => {},
};

function acknowledge(line: Acknowledgement): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

async function main(directory: string): Promise<void> {
  // A process that is killed does not write its cache by itself.
  flushCompileCache();
  // Loaded and waiting: the next round's process starts while this round runs.
  await once(process.stdin, "data");
  const deps = { directory, system, logger: testLogger() };
  const data = await openDataDirectory(directory);
  const store = await openStore({ ...deps, directory: data.path });
  const blobs = await openBlobStore({ ...deps, directory: data.path });
  await store.requeueRunning("The server was killed.", system.now());
  store.subscribe((event) =>
    acknowledge({ type: "event", session: event.session_id, seq: event.seq }),
  );
  const make = new Maker(store, system);
  const session = newId("ses", system.now(), system.randomBytes);
  await store.createSession({ id: session, title: "Crash", nowMs: system.now() });
  await Promise.all([runTakes(make, blobs, session), runTakes(make, blobs, session)]);
}

type Blobs = Awaited<ReturnType<typeof openBlobStore>>;

/** Every take but the first is a fork of one that was completed, and is paused and resumed halfway. */
async function runTakes(make: Maker, blobs: Blobs, session: SessionId): Promise<void> {
  let parent: TakeId | null = null;
  for (;;) {
    await createTake(make, session, parent);
    let claim = await make.claim();
    for (let step = claim.take.progress.step + 1; step <= TOTAL_STEPS; step++) {
      const blob = await blobs.put(randomBytes(100_000));
      await make.store.addState(claim, make.state(step, blob), make.now());
      acknowledge({ type: "state", take: claim.take.id, step, digest: blob.digest });
      if (step !== FORKED_AT + 1) continue;
      claim = await pauseAndResume(make, claim);
      step = claim.take.progress.step;
    }
    await make.store.completeTake(claim, make.now());
    acknowledge({ type: "completed", take: claim.take.id });
    parent = claim.take.id;
  }
}

async function createTake(make: Maker, session: SessionId, parentId: TakeId | null): Promise<void> {
  const inherit = parentId && { takeId: parentId, step: FORKED_AT };
  const take = await make.take(session, { parentId, inherit });
  acknowledge({ type: "take", take });
  for (const { step, digest } of await make.store.listStates(take))
    acknowledge({ type: "state", take, step, digest });
}

/** @returns a claim of whatever is next then */
async function pauseAndResume(make: Maker, claim: Claim): Promise<Claim> {
  const { id } = claim.take;
  await make.store.pauseTake(id, make.now());
  await make.store.pauseClaimed(claim, make.now());
  await make.store.resumeTake(id, make.now());
  return make.claim();
}

await main(process.argv[2] ?? "");
