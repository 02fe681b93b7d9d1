import type { ExitCode } from "./command-line/commands.ts";
import type { Terminal } from "./output/terminal.ts";

/** What a command may touch beside the server. */
export interface CliContext {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where relative paths of the command line count from. */
  readonly userDirectory: string;
  /** Where the server's relative paths count from. */
  readonly workingDirectory: string;
  /** Aborted with an Interruption at the first Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number;
}

/** Why the command was asked to stop; the reason of `interrupted`. */
export class Interruption extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode) {
    super("interrupted");
    this.name = "Interruption";
    this.exitCode = exitCode;
  }
}
