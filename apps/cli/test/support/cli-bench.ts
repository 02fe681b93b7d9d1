import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Take } from "@arc-fabric/contract";
import { afterEach, beforeEach } from "vitest";
import { callArc, type CallResult } from "./call-arc.ts";
import { startFakeServer, type FakeOptions, type FakeServer } from "./fake-server.ts";
import { sampleTake } from "./samples.ts";

export interface CliBench {
  readonly folder: string;
  readonly server: FakeServer;
  serve(options?: FakeOptions): Promise<FakeServer>;
  arc(...args: string[]): Promise<CallResult>;
  /** A completed take with a video, made by the program. */
  have(): Promise<Take>;
  /** A take that the server has, as said. */
  given(changes?: Partial<Take>): Take;
}

/** A folder and a fake server for every test, whose takes complete at once unless `serve` says otherwise. */
export function cliBench(): CliBench {
  let folder = "";
  let server: FakeServer | null = null;
  beforeEach(() => void (folder = mkdtempSync(path.join(tmpdir(), "arc-cli-"))));
  afterEach(async () => {
    await server?.close();
    server = null;
    rmSync(folder, { recursive: true, force: true });
  });
  const bench: CliBench = {
    get folder() {
      return folder;
    },
    get server() {
      if (!server) throw new Error("no server yet");
      return server;
    },
    async serve(options = {}) {
      await server?.close();
      server = await startFakeServer({ script: (fake, take) => fake.complete(take), ...options });
      return server;
    },
    arc: (...args) => callArc(args, { cwd: folder, env: { ARC_SERVER: bench.server.url } }),
    async have() {
      if (!server) await bench.serve();
      const result = await bench.arc("generate", "a red ball", "--json", "-o", "have.mp4");
      if (result.code !== 0) throw new Error(result.stderr);
      return bench.server.takes.at(-1)!;
    },
    given(changes = {}) {
      const { takes } = bench.server;
      const take = { ...sampleTake(takes.length, { prompt: "a red ball" }), ...changes };
      takes.push(take);
      return take;
    },
  };
  return bench;
}
