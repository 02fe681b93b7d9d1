import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface BenchServer {
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  /** Milliseconds from spawning the process to its first healthy answer. */
  readonly readyMs: number;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const root = path.join(import.meta.dirname, "../..");

/** One model for all measurements, so that they compare over time. */
const SAME_MODEL = ["--default-model", "zoetrope-s"];

/** A real server of its own on a free port with an empty data directory; it dies with this process. */
export async function startServer(flags: readonly string[] = SAME_MODEL): Promise<BenchServer> {
  const dataDir = mkdtempSync(path.join(tmpdir(), "arc-bench-"));
  const main = path.join(root, "apps/server/src/main.ts");
  const args = [
    main,
    "--port",
    "0",
    "--data-dir",
    dataDir,
    "--no-studio-build",
    "--exit-with-stdin",
    ...flags,
  ];
  const began = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["pipe", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)));
  const exited = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const url = await readyUrl(
    dataDir,
    () => child.exitCode !== null,
    () => log,
  );
  return {
    url,
    pid: child.pid!,
    dataDir,
    readyMs: performance.now() - began,
    async stop() {
      child.stdin.end();
      await exited;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function readyUrl(dataDir: string, gone: () => boolean, log: () => string): Promise<string> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline && !gone()) {
    try {
      const { url } = JSON.parse(readFileSync(path.join(dataDir, "server.json"), "utf8")) as {
        url: string;
      };
      if ((await fetch(`${url}/api/v1/health`)).ok) return url;
    } catch {
      // Not there yet: the file is written once the server listens.
    }
    await sleep(2);
  }
  throw new Error(`The server did not become ready:\n${log()}`);
}
