/** The command line itself is wrong: exit code 2. */
export class UsageError extends Error {
  /** The command whose help is pointed at; null for arc's own. */
  readonly command: string | null;

  constructor(message: string, command: string | null = null) {
    super(message);
    this.name = "UsageError";
    this.command = command;
  }
}
