import type { System } from "@arc-fabric/core";
import { spawn } from "node:child_process";
import { LineSplitter } from "./line-splitter.ts";
import type { RuntimeCommand } from "./model-host-deps.ts";
import { startTimer } from "./start-timer.ts";

/** Lines of a worker's output kept to explain its end. */
const KEPT_LINES = 20;
/** A dead worker's own children may hold its output open; its last lines are waited for no longer than this. */
const LAST_LINES_MS = 500;

export interface WorkerProcess {
  /** null when it could not be started at all. */
  readonly pid: number | null;
  /** Resolves when the process is gone, with words that say how. */
  readonly exited: Promise<string>;
  readonly hasExited: boolean;
  /** The newest lines it printed, oldest first. */
  lastLines(): readonly string[];
  /** Closes its stdin, which tells a worker to die. */
  endInput(): void;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

/**
 * Starts a worker's process. Its stdin is a pipe that only we hold: the system closes it however we end, so a worker
 * that watches it never outlives us. Both output streams are its log.
 */
export function spawnWorker(
  system: System,
  command: RuntimeCommand,
  extraArgs: readonly string[],
  onLine: (line: string) => void,
): WorkerProcess {
  const child = spawn(command.command, [...command.args, ...extraArgs], {
    env: { ...command.env },
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  const lines: string[] = [];
  let gone = false;
  for (const stream of [child.stdout, child.stderr]) {
    const splitter = new LineSplitter((line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      onLine(line);
    });
    stream.on("data", (chunk: Uint8Array) => splitter.push(chunk)).on("end", () => splitter.end());
  }
  // A worker that dies while we write to its stdin is told of by its exit.
  child.stdin.on("error", () => {});
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => {
      if (child.pid === undefined) resolve(`it could not be started: ${error.message}`);
    });
    const report = (code: number | null, signal: string | null) =>
      resolve(signal ? `it was ended by ${signal}` : `it exited with code ${code}`);
    // "close" comes after the last output line, "exit" may come before it.
    child.once("close", report);
    child.once("exit", (code, signal) =>
      startTimer(system, LAST_LINES_MS, () => report(code, signal)),
    );
  }).then((how) => {
    gone = true;
    return how;
  });
  return {
    pid: child.pid ?? null,
    exited,
    get hasExited() {
      return gone;
    },
    lastLines: () => lines,
    endInput: () => child.stdin.end(),
    kill: (signal) => void child.kill(signal),
  };
}
