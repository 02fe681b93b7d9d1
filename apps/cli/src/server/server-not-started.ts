/** A server that was started for a command ended before it was ready. Its own words tell what to do about it. */
export class ServerNotStarted extends Error {
  /** What it wrote to standard error, without colours. */
  readonly words: string;

  constructor(reason: string, words: string) {
    super(
      `The server that this command needs did not start: ${reason}.${words === "" ? "" : ` It said:\n\n${words}`}`,
    );
    this.name = "ServerNotStarted";
    this.words = words;
  }
}
