import { Interruption, type CliContext } from "./cli-context.ts";
import { EXIT_CODES } from "./command-line/commands.ts";
import { processTerminal } from "./output/process-terminal.ts";
import { runCli } from "./run-cli.ts";

/** npm and the launcher pass on a signal that the terminal has sent to us as well; that is still one Ctrl-C. */
const SAME_SIGNAL_MS = 300;

const interruption = new AbortController();
let askedAtMs: number | null = null;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    const code = signal === "SIGINT" ? EXIT_CODES.interrupted : EXIT_CODES.terminated;
    if (askedAtMs === null) interruption.abort(new Interruption(code));
    // A server started here ends by itself when its standard input closes with us.
    else if (Date.now() - askedAtMs > SAME_SIGNAL_MS) process.exit(code);
    askedAtMs ??= Date.now();
  });
}
// A reader that goes away (`arc takes | head`) is told to the writer, not to the whole process.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

const { env } = process;
const context: CliContext = {
  terminal: processTerminal(process),
  environment: env,
  // `npm run arc` changes to the repository's folder and says where the user was.
  userDirectory: (env["npm_lifecycle_event"] === "arc" && env["INIT_CWD"]) || process.cwd(),
  workingDirectory: process.cwd(),
  interrupted: interruption.signal,
  now: Date.now,
};
process.exitCode = await runCli(process.argv.slice(2), context);
