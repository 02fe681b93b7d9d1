import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export interface ArcResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningArc {
  readonly pid: number;
  readonly ended: Promise<ArcResult>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when standard error has shown the text. */
  says(text: string): Promise<void>;
}

export interface ArcOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  readonly input?: string;
}

/** The real program as a subprocess, without anything of the test's own ARC_ variables. */
export function startArc(args: readonly string[], options: ArcOptions): RunningArc {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(ARC_|NODE_|VITEST|npm_|INIT_CWD|FORCE_COLOR)/.test(name),
  );
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args], {
    cwd: options.cwd,
    env: { ...Object.fromEntries(inherited), LANG: "C.UTF-8", ...options.env },
  });
  let stdout = "";
  let stderr = "";
  const waiting = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const look of waiting) look();
  });
  child.stdin.end(options.input ?? "");
  const ended = new Promise<ArcResult>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return {
    pid: child.pid!,
    ended,
    kill: (signal) => void child.kill(signal),
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!stderr.includes(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`arc ended without saying "${text}":\n${stderr}`)));
      }),
  };
}

export const runArc = (args: readonly string[], options: ArcOptions): Promise<ArcResult> =>
  startArc(args, options).ended;
