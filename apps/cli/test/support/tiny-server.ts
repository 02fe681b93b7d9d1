import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { serverCommand } from "../../src/server/server-command.ts";

const MODELS = fileURLToPath(new URL("../../../../runtimes/onnx/test/fixtures", import.meta.url));

/** The real server with a model of a few kilobytes, for all tests of a file. */
export function tinyServer(): { readonly url: string; readonly folder: string } {
  let child: ChildProcess | null = null;
  const bench = { url: "", folder: "" };
  beforeAll(async () => {
    bench.folder = mkdtempSync(path.join(tmpdir(), "arc-tiny-"));
    const flags = ["--port", "0", "--no-studio-build", "--exit-with-stdin", "--log-level", "error"];
    const places = ["--data-dir", path.join(bench.folder, "data"), "--models-dir", MODELS];
    child = spawn(process.execPath, serverCommand([...flags, ...places]), {
      cwd: bench.folder,
      env: { PATH: process.env["PATH"] },
      stdio: ["pipe", "pipe", "inherit"],
    });
    bench.url = await addressOf(child);
  }, 60_000);
  afterAll(async () => {
    const ended = child && once(child, "close");
    child?.stdin?.end();
    await ended;
    rmSync(bench.folder, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);
  return bench;
}

function addressOf(child: ChildProcess): Promise<string> {
  let words = "";
  return new Promise((resolve, reject) => {
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      words += text;
      const url = /Studio\s+(http:\S+)/.exec(words)?.[1];
      if (url) resolve(url);
    });
    child.on("close", () => reject(new Error(`The server ended before it was ready.\n${words}`)));
  });
}
