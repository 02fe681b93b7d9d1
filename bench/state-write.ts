/** Time to make a state durable: `node bench/state-write.ts [--save]`. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { BlobStore } from "@arc-fabric/core";
import { openBlobStore } from "@arc-fabric/store";
import { benchSystem, quietLogger } from "./lib/bench-system.ts";
import { percentile, report, type Row } from "./lib/table.ts";

const GOAL = { bytes: 20_000_000, ms: 10 };
const CASES = [
  { name: "80 kB (Zoetrope, 17 frames)", bytes: 80_000, runs: 60 },
  { name: "1 MB", bytes: 1_000_000, runs: 40 },
  { name: "20 MB", bytes: GOAL.bytes, runs: 25 },
];

async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** What the disk alone takes: write and fsync of a file, without digest or name. */
async function plainWrite(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, "w");
  await handle.write(bytes);
  await handle.datasync();
  await handle.close();
  await unlink(file);
}

async function measure(
  blobs: BlobStore,
  directory: string,
  { name, bytes, runs }: (typeof CASES)[number],
): Promise<Row> {
  const put: number[] = [];
  const write: number[] = [];
  const digest: number[] = [];
  for (let run = 0; run < runs; run++) {
    const state = randomBytes(bytes);
    put.push(await timed(() => blobs.put(state)));
    write.push(await timed(() => plainWrite(path.join(directory, "plain"), state)));
    digest.push(await timed(() => createHash("sha256").update(state).digest()));
  }
  const median = (samples: number[]) => percentile(samples, 0.5);
  return {
    state: name,
    "put p50 ms": median(put),
    "put p95 ms": percentile(put, 0.95),
    "plain write + fsync p50 ms": median(write),
    "sha256 alone p50 ms": median(digest),
    "put / (write + sha256)": median(put) / (median(write) + median(digest)),
  };
}

const directory = mkdtempSync(path.join(tmpdir(), "arc-bench-"));
const blobs = await openBlobStore({ directory, system: benchSystem, logger: quietLogger });
const rows: Row[] = [];
for (const one of CASES) rows.push(await measure(blobs, directory, one));
rmSync(directory, { recursive: true });

const large = rows.at(-1)!;
const reached = Number(large["put p50 ms"]);
const hashing = Number(large["sha256 alone p50 ms"]);
report({
  name: "state-write",
  title: "State write time",
  method:
    "A state of random bytes is put into the blob store: digest, write, fsync, rename, fsync of the folder. The disk's and the digest's own times are taken in the same run.",
  rows,
  notes: [
    `Goal: 20 MB in at most ${GOAL.ms} ms. ${reached <= GOAL.ms ? "Met" : "Missed"}: ${reached.toFixed(1)} ms.`,
    `The digest of 20 MB takes ${hashing.toFixed(1)} ms on this CPU (${(GOAL.bytes / 1e6 / (hashing / 1000)).toFixed(0)} MB/s; a CPU with SHA instructions does about 2,000 MB/s). It runs beside the write on another thread.`,
    "The worker computes the next step meanwhile: a state's write delays a take only where it takes longer than a step.",
  ],
});
