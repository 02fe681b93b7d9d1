import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { CliContext } from "../cli-context.ts";
import type { CommandInput } from "../command-line/commands.ts";
import { serverCommand } from "../server/server-command.ts";

/**
 * Runs the server in the foreground; its exit code is ours. It is in a process group of its own and gets every signal
 * from here, once: to a server, a second one means "at once". It ends with us, however we end.
 */
export function serve(
  { workingDirectory, interrupted }: CliContext,
  { words }: CommandInput<"serve">,
): Promise<number> {
  const child = spawn(process.execPath, serverCommand([...words, "--exit-with-stdin"]), {
    cwd: workingDirectory,
    detached: true,
    stdio: ["pipe", "inherit", "inherit"],
  });
  const stop = () => void child.kill("SIGTERM");
  interrupted.addEventListener("abort", stop, { once: true });
  // A second Ctrl-C ends this process at once.
  process.once("exit", stop);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      process.off("exit", stop);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
