import path from "node:path";
import { pathToFileURL } from "node:url";
import { runServer } from "./process/run-server.ts";
import { createSystem } from "./process/system.ts";

/** Conventional exit code of a process that was interrupted twice. */
const INTERRUPTED = 130;
/** Ctrl+C under `npm start` arrives twice, from the terminal and from npm: a repeat this soon is not a second wish. */
const SAME_WISH_MS = 1000;
const root = path.resolve(import.meta.dirname, "../../..");

const exitCode = await runServer({
  args: process.argv.slice(2),
  environment: process.env,
  workingDirectory: process.cwd(),
  pid: process.pid,
  isTerminal: process.stderr.isTTY === true,
  system: createSystem(),
  root,
  writeOut: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  buildStudio,
  stopRequested,
});
// Nothing may keep the process alive once it has been told to end.
process.exit(exitCode);

async function buildStudio(repository: string, log: (line: string) => void): Promise<void> {
  // By address, as tools are no part of what the server imports; by type, so that the two stay in step.
  // oxlint-disable-next-line typescript/consistent-type-imports
  type BuildStudio = typeof import("../../../tools/build-studio.ts");
  const { buildStudio: build } = (await import(
    pathToFileURL(path.join(repository, "tools/build-studio.ts")).href
  )) as BuildStudio;
  if (await build({ log })) log("The studio is built.");
}

function stopRequested(withStdin: boolean): Promise<string> {
  return new Promise((resolve) => {
    let askedMs: number | null = null;
    const ask = (reason: string) => {
      const now = performance.now();
      if (askedMs !== null && now - askedMs > SAME_WISH_MS) process.exit(INTERRUPTED);
      askedMs ??= now;
      resolve(reason);
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => ask(`received ${signal}`));
    if (!withStdin) return;
    process.stdin
      .on("end", () => resolve("standard input ended"))
      .on("error", () => resolve("standard input broke"));
    process.stdin.resume();
  });
}
