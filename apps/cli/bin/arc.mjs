#!/usr/bin/env node
// Plain JavaScript on purpose: `npx arc` may pick a Node that cannot run TypeScript; then the Node
// that the repository brings (npm package `node`) takes over.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const MINIMUM = [22, 18];
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const [major, minor] = process.versions.node.split(".").map(Number);

if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) {
  process.argv[1] = main;
  await import("../src/main.ts");
} else {
  runWith(ownNode());
}

/** Path of the Node binary in node_modules, or a clear end of the process. */
function ownNode() {
  const folder = dirname(createRequire(import.meta.url).resolve("node/package.json"));
  const binary = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(binary)) return binary;
  console.error(
    `arc needs Node ${MINIMUM.join(".")} or newer, this is ${process.version}, and ${binary} is missing.\n` +
      "Run `npm ci` in the repository with install scripts allowed, or use a newer Node.",
  );
  process.exit(1);
}

function runWith(binary) {
  const flags = ["--disable-warning=ExperimentalWarning"];
  const child = spawn(binary, [...flags, main, ...process.argv.slice(2)], { stdio: "inherit" });
  // The terminal already sends these to the whole group; others (a supervisor) send them only to us.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}
