import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { writeFakeModels } from "./support/fake-manifest.ts";
import { type ServerProcess, startServerProcess } from "./support/server-process.ts";

// Each test starts server processes, which takes long on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let home: string;
let started: ServerProcess[];
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "arc-start-"));
  started = [];
});
afterEach(async () => {
  for (const { child } of started) child.kill("SIGKILL");
  await Promise.all(started.map(({ ended }) => ended));
  rmSync(home, { recursive: true, force: true });
});

const dataDir = () => path.join(home, "data");
function start(
  args: readonly string[] = [],
  environment: Record<string, string> = {},
): ServerProcess {
  const server = startServerProcess(
    ["--port", "0", "--data-dir", dataDir(), "--models-dir", writeFakeModels(home), ...args],
    environment,
  );
  started.push(server);
  return server;
}

describe("a server process", () => {
  it("serves on a free port, tells where in server.json, and stops gracefully on a signal", async () => {
    const server = start();
    const url = await server.ready;
    const health = await fetch(`${url}/api/v1/health`);
    expect(await health.json()).toMatchObject({ status: "ok" });
    const file = path.join(dataDir(), "server.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ url, pid: server.child.pid });
    server.child.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(() => readFileSync(file)).toThrow("ENOENT");
  });

  it("stops with its standard input when it was asked to", async () => {
    const server = start(["--exit-with-stdin"]);
    await server.ready;
    server.child.stdin!.end();
    expect(await server.ended).toBe(0);
  });

  it("does not let an open stream keep it from stopping", async () => {
    const server = start();
    const stream = await fetch(`${await server.ready}/api/v1/events`);
    server.child.kill("SIGINT");
    expect(await server.ended).toBe(0);
    await stream.body?.cancel();
  });

  it("prints its configuration with secrets masked", async () => {
    const server = start(["--print-config"], { ARC_TOKEN: "hunter2", ARC_HOST: "0.0.0.0" });
    expect(await server.ended).toBe(0);
    expect(JSON.parse(server.output())).toMatchObject({
      host: "0.0.0.0",
      token: "********",
      port: 0,
    });
    expect(server.output() + server.errors()).not.toContain("hunter2");
  });
});

describe("a start that cannot be says what, which value and what to do", () => {
  const failure = async (server: ServerProcess): Promise<string> => {
    expect(await server.ended).toBe(1);
    expect(server.errors()).not.toMatch(/\n\s+at /);
    return server.errors();
  };

  it("a port in use", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const errors = await failure(start(["--port", String(port)]));
    other.close();
    expect(errors).toContain("port_in_use");
    expect(errors).toContain(`127.0.0.1 port ${port}`);
    expect(errors).toContain("ARC_PORT");
  });

  it("an address without a token", async () => {
    const errors = await failure(start(["--host", "0.0.0.0"]));
    expect(errors).toContain("address_needs_token");
    expect(errors).toContain("Set ARC_TOKEN");
  });

  it("a setting that is not known or not accepted", async () => {
    expect(await failure(start(["--prot", "1"]))).toContain('Did you mean "--port"?');
    expect(await failure(start([], { ARC_THREADS: "many" }))).toContain("ARC_THREADS");
  });

  it("a data directory that is a file", async () => {
    writeFileSync(dataDir(), "not a folder");
    const errors = await failure(start());
    expect(errors).toContain("data_dir_unwritable");
    expect(errors).toContain(dataDir());
  });

  it("a data directory that another server uses, even when that one is killed it is free again", async () => {
    const first = start();
    await first.ready;
    expect(await failure(start())).toContain("data_dir_locked");
    first.child.kill("SIGKILL");
    expect(await first.ended).toBe("SIGKILL");
    await start().ready;
  });

  it("a data directory of a newer version", async () => {
    const first = start();
    await first.ready;
    first.child.kill("SIGTERM");
    await first.ended;
    const layout = path.join(dataDir(), "layout.json");
    const { ...content } = JSON.parse(readFileSync(layout, "utf8")) as Record<string, unknown>;
    const newer = Object.fromEntries(
      Object.entries(content).map(([name, value]) => [
        name,
        typeof value === "number" ? value + 1000 : value,
      ]),
    );
    writeFileSync(layout, JSON.stringify(newer));
    expect(await failure(start())).toContain("data_dir_newer");
  });
});

it("a server without models starts, and says so where a model is needed", async () => {
  const server = start(["--models-dir", home]);
  const url = await server.ready;
  expect(server.output()).toContain("Models   none found");
  const answer = await fetch(`${url}/api/v1/takes`, {
    method: "POST",
    body: '{"prompt":"x"}',
    headers: { "content-type": "application/json" },
  });
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
    404,
    "model_not_found",
  ]);
});
