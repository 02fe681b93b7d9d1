/** 10,000 states thinned out and collected: `node bench/garbage-collection.ts [--save]`. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { newId, type SessionId } from "@arc-fabric/contract";
import type { BlobStore, Store } from "@arc-fabric/core";
import { openBlobStore, openStore } from "@arc-fabric/store";
import { benchSystem, quietLogger } from "./lib/bench-system.ts";
import { sampleTake } from "./lib/sample-take.ts";
import { report, type Row } from "./lib/table.ts";

const TAKES = 500;
const STEPS = 20;
const KEEP_EVERY = 5;
/** The time of a removal hardly depends on the size of a file; small ones leave the disk alone. */
const STATE_BYTES = 4096;
const AT_ONCE = 32;

/** A completed take with all its states, each a blob of its own. */
async function makeTake(store: Store, blobs: BlobStore, session: SessionId): Promise<void> {
  await store.createTake(sampleTake(session), null);
  const claim = await store.claimNext(benchSystem.now());
  if (!claim) throw new Error("The take that was just made is not queued.");
  for (let step = 1; step <= STEPS; step++) {
    const { digest, bytes } = await blobs.put(randomBytes(STATE_BYTES));
    const derivation = createHash("sha256").update(`${claim.take.id} ${step}`).digest("hex");
    const timing = { seconds: 0.5, model_seconds: 0.4, previewDigest: null };
    await store.addState(
      claim,
      { step, sigma: 1 - step / STEPS, bytes, digest, derivation, environment: "bench", ...timing },
      benchSystem.now(),
    );
  }
  await store.completeTake(claim, benchSystem.now());
}

async function measure(what: string, work: () => Promise<{ count: number }>): Promise<Row> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  // The histogram is written when the loop turns: once before, to begin counting, and once after.
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.reset();
  const start = performance.now();
  const { count } = await work();
  const ms = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  return {
    what,
    count,
    ms: Math.round(ms),
    "µs each": Math.round((1000 * ms) / Math.max(1, count)),
    "longest stop of the event loop ms": Math.round(delay.max / 1e6),
  };
}

const directory = mkdtempSync(path.join(tmpdir(), "arc-bench-"));
const deps = { directory, system: benchSystem, logger: quietLogger };
const [store, blobs] = [await openStore(deps), await openBlobStore(deps)];
const now = () => benchSystem.now();
const session = newId("ses", now(), (count) => benchSystem.randomBytes(count));
await store.createSession({ id: session, title: "Bench", nowMs: now() });
let left = TAKES;
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) await makeTake(store, blobs, session);
  }),
);

const policy = { sessionId: null, keepEvery: KEEP_EVERY, untilBytes: null };
const thin = async (dryRun: boolean) => ({
  count: (await store.thinStates({ ...policy, dryRun }, now())).states,
});
let roots: ReadonlySet<string> = new Set();
const rows = [
  await measure("usage of all sessions", async () => ({
    count: (await store.storageUsage()).states,
  })),
  await measure("states that would be removed (dry run)", () => thin(true)),
  await measure("states removed, with an event per take", () => thin(false)),
  await measure("blobs that are still named", async () => {
    roots = await store.referencedBlobs();
    return { count: roots.size };
  }),
  await measure("blobs removed", async () => ({
    count: (await blobs.collectGarbage(roots, 0)).removed,
  })),
];
await store.close();
rmSync(directory, { recursive: true });

report({
  name: "garbage-collection",
  title: "Thinning out and collecting 10,000 states",
  method: `${TAKES} completed takes of ${STEPS} states, each a blob of ${STATE_BYTES} bytes, on disk. All but every ${KEEP_EVERY}th state are removed in one transaction, then the blobs that nothing names.`,
  rows,
});
