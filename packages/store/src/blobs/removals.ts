/**
 * Keeps the removal of a blob and its renewed storing apart: without it, garbage collection could remove a blob between
 * the moment `put` found it present and the moment its row is written.
 */
export class Removals {
  readonly #busy = new Map<string, Promise<unknown>>();

  /** Runs `work` while nothing removes the blob. */
  keep(digest: string, work: () => Promise<void>): Promise<void> {
    return this.#exclusively(digest, work);
  }

  /** Removes it when nothing else is about to keep it. */
  remove(digest: string, work: () => Promise<void>): Promise<void> {
    return this.#exclusively(digest, work);
  }

  async #exclusively(digest: string, work: () => Promise<void>): Promise<void> {
    const before = this.#busy.get(digest) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(work);
    this.#busy.set(digest, mine);
    try {
      await mine;
    } finally {
      if (this.#busy.get(digest) === mine) this.#busy.delete(digest);
    }
  }
}
