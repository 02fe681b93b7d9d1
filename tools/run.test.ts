import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, expect, it } from "vitest";

import { ROOT } from "./source-files.ts";

/** Says its arguments, then that it was told to stop, and would otherwise run for ever. */
const ENTRY = `
const word: string = process.argv.slice(2).join(" ");
console.log("started " + word);
process.on("SIGTERM", () => { console.log("stopped"); process.exit(0); });
setInterval(() => {}, 1000);
`;

let folder: string;
let shell: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "arc-run-"));
  writeFileSync(join(folder, "entry.ts"), ENTRY);
});
afterEach(() => {
  shell?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

it("ends with the shell that npm started it in, because npm's SIGTERM reaches only the shell", async () => {
  const entry = relative(ROOT, join(folder, "entry.ts"));
  // The `true` keeps the shell from replacing itself by Node, which some shells do.
  const command = `"${process.execPath}" tools/run.mjs "${entry}" one two; true`;
  shell = spawn("sh", ["-c", command], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, npm_lifecycle_event: "start" },
  });
  let output = "";
  const closed = once(shell.stdout!, "end");
  await new Promise<void>((resolve) => {
    shell?.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.includes("started")) resolve();
    });
  });
  shell.kill("SIGTERM");
  await closed;
  expect(output).toBe("started one two\nstopped\n");
});
