/** Durable creates per second, in process: `node bench/store-creates.ts [--save]`. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { newId } from "@arc-fabric/contract";
import { openStore } from "@arc-fabric/store";
import { benchSystem, quietLogger } from "./lib/bench-system.ts";
import { sampleTake } from "./lib/sample-take.ts";
import { report, type Row } from "./lib/table.ts";

const GOAL_PER_SECOND = 2000;
const CASES = [
  { callers: 1, creates: 1000 },
  { callers: 8, creates: 3000 },
  { callers: 64, creates: 8000 },
  { callers: 256, creates: 8000 },
];

const randomBytes = (count: number) => benchSystem.randomBytes(count);

async function measure(
  directory: string,
  { callers, creates }: (typeof CASES)[number],
): Promise<Row> {
  const store = await openStore({ directory, system: benchSystem, logger: quietLogger });
  const session = newId("ses", benchSystem.now(), randomBytes);
  await store.createSession({ id: session, title: "Bench", nowMs: benchSystem.now() });
  for (let i = 0; i < 200; i++) await store.createTake(sampleTake(session), null);
  let left = creates;
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (left-- > 0) await store.createTake(sampleTake(session), null);
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  await store.close();
  const cpuSeconds = (user + system) / 1e6;
  return {
    callers,
    creates,
    "creates/s": Math.round(creates / seconds),
    "CPU µs/create": Math.round((cpuSeconds * 1e6) / creates),
    "CPU share of one core": `${Math.round((100 * cpuSeconds) / seconds)} %`,
  };
}

const root = mkdtempSync(path.join(tmpdir(), "arc-bench-"));
const rows: Row[] = [];
for (const [index, one] of CASES.entries())
  rows.push(await measure(mkdtempSync(path.join(root, `${index}-`)), one));
rmSync(root, { recursive: true });

const best = Math.max(...rows.map((row) => Number(row["creates/s"])));
const leastCpu = Math.min(...rows.map((row) => Number(row["CPU µs/create"])));
report({
  name: "store-creates",
  title: "Durable creates per second",
  method:
    "Takes with a plan of 20 steps are created by concurrent callers in one process; each waits until its row and its event are on disk (SQLite, WAL, synchronous FULL) before it creates the next.",
  rows,
  notes: [
    `Goal: at least ${GOAL_PER_SECOND.toLocaleString("en-US")}/s under concurrent callers. ${best >= GOAL_PER_SECOND ? "Met" : "Missed"}: ${best.toLocaleString("en-US")}/s at best.`,
    `At the least CPU time of the table, one core does ${Math.round(1e6 / leastCpu).toLocaleString("en-US")}/s; a share well below 100 % means that the process waited for the disk or for a core that other programs used.`,
  ],
});
