import path from "node:path";
import { createPaint } from "../../src/output/terminal.ts";
import { runCli } from "../../src/run-cli.ts";
import type { ArcOptions } from "./run-arc.ts";

export interface CallResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command inside the test's own process: the same code as the program, without its half second of start. */
export async function callArc(args: readonly string[], options: ArcOptions): Promise<CallResult> {
  const stdout: Uint8Array[] = [];
  let stderr = "";
  const code = await runCli(args, {
    terminal: {
      out: async (text) => void stdout.push(typeof text === "string" ? Buffer.from(text) : text),
      err: (text) => void (stderr += text),
      redraws: false,
      outIsTerminal: false,
      inIsTerminal: false,
      columns: () => 80,
      unicode: true,
      paint: createPaint(false),
      confirm: () => Promise.resolve(false),
      readAll: () => Promise.resolve(options.input ?? ""),
    },
    environment: options.env ?? {},
    userDirectory: options.cwd,
    workingDirectory: path.resolve(options.cwd),
    interrupted: new AbortController().signal,
    now: Date.now,
  });
  return { code, stdout: Buffer.concat(stdout).toString("utf8"), stderr };
}
