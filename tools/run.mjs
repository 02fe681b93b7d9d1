// Runs one TypeScript entry point in this process: `node tools/run.mjs apps/server/src/main.ts …`.
import "./require-node.mjs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [entry, ...rest] = process.argv.slice(2);
const file = resolve(import.meta.dirname, "..", entry);
process.argv = [process.argv[0], file, ...rest];
if (process.env.npm_lifecycle_event) stopWithShell();
await import(pathToFileURL(file).href);

/**
 * npm passes SIGTERM on to the shell it started us with, and the shell dies of it without telling us.
 * Its end shows only as a new parent; a server must not go on alone then, holding port and data.
 */
function stopWithShell() {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    process.kill(process.pid, "SIGTERM");
  }, 500);
  watch.unref();
}
