import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";

import { ROOT } from "./source-files.ts";

/**
 * `npm run check`: everything that can be said about the sources without running them.
 * `--fix` (`npm run check:fix`) writes what lint and format can repair, then checks the rest.
 * Prints one line per check, and a check's output only when it failed.
 */
interface Check {
  name: string;
  commands: string[][];
}

const fix = process.argv.includes("--fix");

const repairs: Check[] = [
  { name: "lint (repair)", commands: [["oxlint", "--quiet", "--fix"]] },
  { name: "format (write)", commands: [["oxfmt"]] },
];

const checks: Check[] = [
  {
    name: "types",
    commands: [
      ["tsc", "-p", "tsconfig.json"],
      ["tsc", "-p", "apps/web/tsconfig.json"],
    ],
  },
  { name: "lint", commands: [["oxlint", "--quiet"]] },
  { name: "format", commands: [["oxfmt", "--list-different"]] },
  {
    name: "dead code",
    commands: [["knip", "--no-progress", "--no-config-hints"]],
  },
];

async function main(): Promise<void> {
  // Repairs touch the same files, so they go one after the other.
  if (fix) for (const repair of repairs) await runCheck(repair);
  const failed: string[] = [];
  await eachLimited(checks, Math.min(2, availableParallelism()), async (check) => {
    if (!(await runCheck(check))) failed.push(check.name);
  });
  if (failed.length === 0) return;
  console.log(
    `\nThe check found problems: ${failed.join(", ")}. \`npm run check:fix\` repairs what can be.`,
  );
  process.exitCode = 1;
}

/** Runs a check's commands in order and reports it as one line; true when all of them passed. */
async function runCheck({ name, commands }: Check): Promise<boolean> {
  const started = performance.now();
  let output = "";
  let passed = true;
  for (const [tool = "", ...args] of commands) {
    const result = await runTool(tool, args);
    output += result.output;
    passed &&= result.passed;
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${passed ? "✓" : "✗"} ${name} (${seconds} s)`);
  if (!passed) console.log(output.trim());
  return passed;
}

/** Tools come from node_modules/.bin, which npm puts on the path of its scripts. */
function runTool(tool: string, args: string[]): Promise<{ passed: boolean; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    child.on("error", (cause) => {
      reject(new Error(`Could not run ${tool}: start this with \`npm run check\`.`, { cause }));
    });
    child.on("close", (code) => resolve({ passed: code === 0, output }));
  });
}

async function eachLimited<T>(
  items: readonly T[],
  limit: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const lane = async (): Promise<void> => {
    for (let item = waiting.shift(); item; item = waiting.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: limit }, lane));
}

await main();
