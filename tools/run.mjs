// Runs one TypeScript entry point in this process: `node tools/run.mjs apps/server/src/main.ts …`.
// One process, so that a signal sent to `npm start` reaches the server and not a shell in between.
import "./require-node.mjs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [entry, ...rest] = process.argv.slice(2);
const file = resolve(import.meta.dirname, "..", entry);
process.argv = [process.argv[0], file, ...rest];
await import(pathToFileURL(file).href);
