import { readdir, rm } from "node:fs/promises";
import path from "node:path";

/** Names for files being written, and their removal. */
export class TemporaryFiles {
  readonly #directory: string;
  /** Enough for a name: the folder is empty at start and belongs to this process. */
  #count = 0;
  readonly #inUse = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Lends a name for a file that `work` gives another name or removes; when `work` fails, the file is removed. */
  async use<Result>(work: (file: string) => Promise<Result>): Promise<Result> {
    const name = String(++this.#count);
    const file = path.join(this.#directory, name);
    this.#inUse.add(name);
    try {
      return await work(file);
    } catch (error) {
      // A failure to remove it must not hide the failure of the work.
      await rm(file, { force: true }).catch(() => {});
      throw error;
    } finally {
      this.#inUse.delete(name);
    }
  }

  /** Removes what nobody is writing. */
  async removeTorn(): Promise<number> {
    const names = await readdir(this.#directory);
    const torn = names.filter((name) => !this.#inUse.has(name));
    for (const name of torn)
      await rm(path.join(this.#directory, name), { recursive: true, force: true });
    return torn.length;
  }
}
