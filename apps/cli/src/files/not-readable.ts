import type { CommandName } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "it may not be read",
};

/** A file named on the command line that cannot be read. */
export function notReadable(command: CommandName, file: string, error: unknown): UsageError {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return new UsageError(`${file} cannot be read: ${REASONS[code] ?? message}.`, command);
}
