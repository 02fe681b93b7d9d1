import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

const MAIN = path.join(import.meta.dirname, "../../src/main.ts");

export interface ServerProcess {
  readonly child: ChildProcess;
  /** Everything written so far. */
  readonly output: () => string;
  readonly errors: () => string;
  /** Resolves with the address once the server is ready; rejects with its error output when it ends before. */
  readonly ready: Promise<string>;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

/** The server as users start it: a process of its own. Its environment holds only what is given here. */
export function startServerProcess(
  args: readonly string[],
  environment: Record<string, string> = {},
): ServerProcess {
  const child = spawn(process.execPath, [MAIN, "--no-studio-build", ...args], {
    env: environment,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = once(child, "close").then(
    ([code, signal]) => (signal as string | null) ?? (code as number),
  );
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", () => {
      const url = /Studio\s+(http:\S+)/.exec(output)?.[1];
      if (url && output.includes("Press Ctrl+C")) resolve(url);
    });
    ended.then(
      (code) => reject(new Error(`The server ended with ${code} before it was ready.\n${errors}`)),
      reject,
    );
  });
  ready.catch(() => {});
  return { child, output: () => output, errors: () => errors, ready, ended };
}
