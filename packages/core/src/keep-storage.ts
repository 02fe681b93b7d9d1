import type { BlobStore } from "./ports/blob-store.ts";
import type { Store } from "./ports/store.ts";
import type { Logger, System } from "./ports/system.ts";

/** Blobs younger than this may belong to a row that is about to be written. */
const GARBAGE_AGE_MS = 10 * 60_000;
/** Uploaded files that no take reads are kept for a day. */
const FILE_AGE_MS = 24 * 60 * 60_000;

interface KeeperDeps {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly system: System;
  readonly logger: Logger;
  readonly settings: { readonly storageBudgetBytes: number | null; readonly keepEvery: number };
}

/** Keeps the data directory inside its budget: thins states out, removes blobs that nothing refers to. */
export class StorageKeeper {
  readonly #deps: KeeperDeps;
  #work: Promise<void> = Promise.resolve();

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
  }

  /** At the server's start nothing is being written: whatever is not referred to can go. */
  async start(): Promise<void> {
    await this.#forgetFiles();
    await this.#deps.blobs.collectGarbage(await this.#deps.store.referencedBlobs(), 0);
  }

  /** A take has ended: its states may exceed the budget. */
  afterTake(): void {
    if (this.#deps.settings.storageBudgetBytes !== null) this.sweep();
  }

  /** After something was removed; in the background, one pass after the other. */
  sweep(): void {
    this.#work = this.#work
      .then(() => this.#pass())
      .catch((error: unknown) =>
        this.#deps.logger.warn("The storage could not be cleaned up.", { error: String(error) }),
      );
  }

  /** Resolves when the passes that were asked for are over. */
  async idle(): Promise<void> {
    await this.#work;
  }

  async #pass(): Promise<void> {
    await this.#thinToBudget();
    await this.#forgetFiles();
    const { store, blobs } = this.#deps;
    await blobs.collectGarbage(await store.referencedBlobs(), GARBAGE_AGE_MS);
  }

  async #thinToBudget(): Promise<void> {
    const { store, settings, system, logger } = this.#deps;
    const { storageBudgetBytes: budget, keepEvery } = settings;
    if (budget === null) return;
    const { state_bytes: used } = await store.storageUsage();
    if (used <= budget) return;
    const policy = { sessionId: null, keepEvery, dryRun: false, untilBytes: used - budget };
    const { states, bytes } = await store.thinStates(policy, system.now());
    if (states > 0)
      logger.info(`Removed ${states} states (${bytes} bytes): the storage budget was exceeded.`);
  }

  async #forgetFiles(): Promise<void> {
    await this.#deps.store.forgetFiles(this.#deps.system.now() - FILE_AGE_MS);
  }
}
