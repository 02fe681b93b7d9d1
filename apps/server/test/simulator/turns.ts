import type { SeededRandom } from "./seeded-random.ts";

interface Waiting {
  readonly name: string;
  readonly go: () => void;
}

interface Performing {
  readonly ended: Promise<unknown>;
  readonly deliver: () => void;
}

/** Calls that read or write the queue's order go alone, so that what they returned can be judged by what stands in the store. */
const ALONE = new Set(["store.claimNext"]);
const SECOND_CALL = 0.2;

/**
 * Who goes next. Everything that one server life does outside its own memory waits here for its turn, and the seed alone
 * decides the order; so a run can be replayed, and every order of things that could happen does, sooner or later.
 */
export class Turns {
  readonly #random: SeededRandom;
  #waiting: Waiting[] = [];
  #performing: Performing[] = [];
  /** Names of the calls in the order of their turns, for replay checks. */
  readonly #trace: (name: string) => void;

  constructor(random: SeededRandom, trace: (name: string) => void) {
    this.#random = random;
    this.#trace = trace;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when it is this call's turn; never when the server dies before. @throws the signal's reason when aborted */
  wait(name: string, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal?.reason as Error);
      };
      const go = () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const entry = { name, go };
      this.#waiting.push(entry);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Does real work in a turn. Its result is handed over when all work of the turn has ended, in the order of the calls. */
  async perform<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = work();
    const ended = result.catch(() => {});
    await new Promise<void>((deliver) => this.#performing.push({ ended, deliver }));
    return result;
  }

  /** Resolves when nothing moves any more without a turn. */
  async settle(): Promise<void> {
    await drained();
    while (this.#performing.length > 0) {
      const batch = this.#performing;
      this.#performing = [];
      await Promise.all(batch.map(({ ended }) => ended));
      for (const { deliver } of batch) {
        deliver();
        await drained();
      }
    }
  }

  /** Lets one call go, now and then two, and waits until all is still again. @returns false when none waits */
  async next(): Promise<boolean> {
    await drained();
    if (!this.#takeOne()) return false;
    await this.settle();
    return true;
  }

  /** Lets all calls go but those that are held back, until only these wait. */
  async runWithout(isHeld: (name: string) => boolean): Promise<void> {
    await this.settle();
    for (;;) {
      const free = this.#random.pick(this.#waiting.filter(({ name }) => !isHeld(name)));
      if (!free) return;
      this.#waiting.splice(this.#waiting.indexOf(free), 1);
      free.go();
      await this.settle();
    }
  }

  /** Lets one call go and do its work, but never tells anybody how it ended: the server dies at this moment. */
  async die(): Promise<void> {
    this.#takeOne();
    await drained();
    await Promise.all(this.#performing.map(({ ended }) => ended));
    this.#performing = [];
    this.#waiting = [];
  }

  #takeOne(): boolean {
    const [first] = this.#waiting.splice(this.#random.below(this.#waiting.length), 1);
    if (!first) return false;
    this.#trace(first.name);
    first.go();
    if (ALONE.has(first.name) || !this.#random.chance(SECOND_CALL)) return true;
    const others = this.#waiting.filter(({ name }) => !ALONE.has(name));
    const second = this.#random.pick(others);
    if (!second) return true;
    this.#waiting.splice(this.#waiting.indexOf(second), 1);
    this.#trace(second.name);
    second.go();
    return true;
  }
}

/** All promises that can go on have gone on: they do before the event loop's next turn. */
function drained(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
