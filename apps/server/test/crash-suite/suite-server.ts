import { createServer } from "node:net";
import { createClient, type FabricClient } from "@arc-fabric/client";
import { type ServerProcess, startServerProcess } from "../support/server-process.ts";
import { TINY_MODELS } from "../support/test-server.ts";
import { descendants, type RunningProcess, waitUntilGone } from "./process-tree.ts";

/** A child that lives on after its server gets this long to notice. */
const ORPHAN_MS = 15_000;
const RETRIES = 12;

/** One data directory on one port, served by one process after the other. */
export class SuiteServer {
  readonly client: FabricClient;
  readonly dataDir: string;
  readonly #port: number;
  #process!: ServerProcess;

  private constructor(dataDir: string, port: number) {
    this.dataDir = dataDir;
    this.#port = port;
    // The same port after each restart, so that the client's own reconnecting is part of what is tested.
    this.client = createClient({ baseUrl: `http://127.0.0.1:${port}`, retries: RETRIES });
  }

  static async start(dataDir: string): Promise<SuiteServer> {
    const server = new SuiteServer(dataDir, await freePort());
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    this.#process = startServerProcess([
      "--port",
      String(this.#port),
      "--data-dir",
      this.dataDir,
      "--models-dir",
      TINY_MODELS,
      "--preview-interval-ms",
      "0",
    ]);
    await this.#process.ready;
  }

  /** Worker processes of the present server. */
  workers(): RunningProcess[] {
    return this.#children().filter(({ command }) => command.includes("runtimes/onnx"));
  }

  /** kill -9, and everything that it had started must end by itself. */
  async killServer(): Promise<void> {
    const children = this.#children();
    this.#process.child.kill("SIGKILL");
    await this.#process.ended;
    await waitUntilGone(children, ORPHAN_MS);
  }

  async stop(): Promise<void> {
    const children = this.#children();
    this.#process.child.kill("SIGTERM");
    await this.#process.ended;
    await waitUntilGone(children, ORPHAN_MS);
  }

  #children(): RunningProcess[] {
    const { pid } = this.#process.child;
    return pid === undefined ? [] : descendants(pid);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address
          ? resolve(address.port)
          : reject(new Error("There is no free port.")),
      );
    });
  });
}
