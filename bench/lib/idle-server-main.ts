/**
 * The server as a process, with everything real but the workers: a take that is claimed waits for good. So a load
 * test measures the API and the store, not a model that computes beside them. Run by api-creates.ts.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ModelHost } from "@arc-fabric/core";
import { compose, createLogger, createSystem, listen, loadConfig } from "@arc-fabric/server";

const idleHost: ModelHost = {
  acquire: (_model, { signal }) =>
    new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason as Error)),
    ),
  status: () => "cold",
  reports: () => [],
  subscribe: () => () => {},
  close: async () => {},
};

const dataDir = mkdtempSync(path.join(tmpdir(), "arc-bench-"));
const { config } = loadConfig({
  environment: {},
  flags: { data_dir: dataDir, max_queued: "1000000", log_level: "warn" },
  configFile: null,
  workingDirectory: dataDir,
  readFile: () => null,
});
const server = await compose({
  config,
  system: createSystem(),
  logger: createLogger({
    level: config.log_level,
    pretty: false,
    write: (line) => process.stderr.write(line),
    secrets: [],
  }),
  root: path.join(import.meta.dirname, "../.."),
  createHost: () => idleHost,
});
const url = await listen(server.app, { host: "127.0.0.1", port: 0 });
await server.start();
process.stdout.write(`${url}\n`);
process.stdin.on("end", () => {
  void server.stop().then(() => {
    rmSync(dataDir, { recursive: true, force: true });
    process.exit(0);
  });
});
process.stdin.resume();
