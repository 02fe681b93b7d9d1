/** A failure on this side of the server: a file that cannot be written, a take that has no video. Exit code 1. */
export class CliError extends Error {
  readonly code: "output_failed" | "download_corrupt" | "nothing_there" | "not_stopped";
  readonly remedy: string;

  constructor(
    code: CliError["code"],
    message: string,
    remedy: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
    this.name = "CliError";
    this.code = code;
    this.remedy = remedy;
  }
}
