/** Resident memory of every process, at rest and under load: `node bench/memory.ts [--save]`. */
import { readdirSync, readFileSync } from "node:fs";
import { createClient } from "@arc-fabric/client";
import { startServer } from "./lib/start-server.ts";
import { report, type Row } from "./lib/table.ts";

const STREAMS = 50;
const TAKES = 4;
const MIB = 2 ** 20;

async function main(): Promise<void> {
  const server = await startServer();
  const abort = new AbortController();
  try {
    const client = createClient({ baseUrl: server.url });
    const rows: Row[] = [row("server at rest, nothing generated yet", server.pid)];
    const request = { prompt: "a red ball bounces on a green meadow" };
    await client.takes.wait((await client.takes.create({ ...request, seed: 0 })).id);
    rows.push(row("at rest, model loaded and warm", server.pid));

    for (let i = 0; i < STREAMS; i++) void drain(`${server.url}/api/v1/events`, abort.signal);
    const created = await Promise.all(
      Array.from({ length: TAKES }, (_, seed) =>
        client.takes.create({ ...request, seed, num_inference_steps: 40 }),
      ),
    );
    await client.takes.wait(created[TAKES - 2]!.id);
    rows.push(row(`under load: generating, ${STREAMS} event streams`, server.pid));
    await client.takes.wait(created[TAKES - 1]!.id);
    report({
      name: "memory",
      title: "Memory",
      method: "Resident memory in MiB, from /proc; Zoetrope S on a server process of its own.",
      rows,
    });
  } finally {
    abort.abort();
    await server.stop();
  }
}

async function drain(url: string, signal: AbortSignal): Promise<void> {
  try {
    const response = await fetch(url, { signal });
    for await (const _chunk of response.body!);
  } catch {
    // Aborted at the end of the measurement.
  }
}

/** One column for the server and one for each kind of child process. */
function row(when: string, pid: number): Row {
  const children = childrenOf(pid);
  const sum = (name: RegExp) =>
    children
      .filter(({ command }) => name.test(command))
      .reduce((total, child) => total + child.rss, 0);
  const [own, worker, media] = [rssOf(pid), sum(/runtimes\/onnx/), sum(/packages\/media/)];
  return { when, server: own, worker, "media process": media, total: own + worker + media };
}

function childrenOf(pid: number): { command: string; rss: number }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1]!.split(" ")[1];
        if (Number(parent) !== pid) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ command, rss: rssOf(Number(name)) }];
      } catch {
        return [];
      }
    });
}

function rssOf(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Math.round((Number(kilobytes) * 1024) / MIB);
}

await main();
