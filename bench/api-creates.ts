/** Durable creates per second through the HTTP API: `node bench/api-creates.ts [--save]`. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import path from "node:path";
import { httpLoad } from "./lib/http-load.ts";
import { percentile, report, type Row } from "./lib/table.ts";

const GOAL_PER_SECOND = 2000;
const WARM_UP = 1000;
const CASES = [
  { connections: 1, requests: 500 },
  { connections: 16, requests: 4000 },
  { connections: 64, requests: 8000 },
  { connections: 256, requests: 8000 },
];
const create = {
  method: "POST",
  path: "/api/v1/takes",
  body: JSON.stringify({ prompt: "a red ball bounces on a green meadow", seed: 7 }),
  expected: 201,
};
const read = { method: "GET", path: "/api/v1/health", body: "", expected: 200 };

async function main(): Promise<void> {
  const server = spawn(
    process.execPath,
    [path.join(import.meta.dirname, "lib/idle-server-main.ts")],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const [line] = (await once(server.stdout, "data")) as [Buffer];
  const url = line.toString().trim();
  try {
    await httpLoad({ url, ...create, connections: 32, requests: WARM_UP });
    const rows: Row[] = [];
    const measure = async (
      name: string,
      load: typeof create,
      connections: number,
      requests: number,
    ) => {
      const before = cpuSeconds(server.pid!);
      const result = await httpLoad({ url, ...load, connections, requests });
      const cpuMs = ((cpuSeconds(server.pid!) - before) * 1000) / requests;
      rows.push(row(name, connections, result, cpuMs));
    };
    for (const { connections, requests } of CASES)
      await measure("durable create", create, connections, requests);
    await measure("health (no store)", read, 64, 8000);
    const best = Math.max(...rows.slice(0, -1).map((entry) => Number(entry["per second"])));
    const verdict =
      best >= GOAL_PER_SECOND ? "met" : `missed by ${Math.round(GOAL_PER_SECOND - best)}/s`;
    report({
      name: "api-creates",
      title: "Durable creates through the API",
      method:
        "POST /api/v1/takes against a server process whose takes wait for good; each answer is sent after its row is on disk (WAL, synchronous FULL, group commit). The load generator runs on the same cores.",
      rows,
      notes: [`Goal: ≥ ${GOAL_PER_SECOND.toLocaleString("en-US")} creates/s: ${verdict}.`],
    });
  } finally {
    server.stdin.end();
    await once(server, "close");
  }
}

function row(
  request: string,
  connections: number,
  result: { perSecond: number; latenciesMs: readonly number[] },
  cpuMs: number,
): Row {
  return {
    request,
    connections,
    "per second": result.perSecond,
    "p50 ms": percentile(result.latenciesMs, 0.5),
    "p99 ms": percentile(result.latenciesMs, 0.99),
    "server CPU ms each": cpuMs,
  };
}

/** Seconds a process has computed, all its threads together; from /proc, whose clock ticks 100 times a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

await main();
