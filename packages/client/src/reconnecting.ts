import { isFabricError } from "@arc-fabric/contract";
import { backoffMs, sleep, type BackoffRange } from "./backoff.ts";
import type { StreamOptions } from "./client-types.ts";
import type { Platform } from "./platform.ts";

const STREAM_BACKOFF: BackoffRange = { baseMs: 500, maxMs: 15_000 };
/** A connection that held this long was a good one: the next failure starts counting anew. */
const GOOD_AFTER_MS = 5_000;

/** Keeps count of a stream's connections: when to try again, when to give up, what to tell the caller. */
export class Reconnecting {
  readonly #platform: Platform;
  readonly #options: StreamOptions;
  #attempt = 0;
  #baseMs = STREAM_BACKOFF.baseMs;
  #openSinceMs: number | null = null;
  #lostSinceMs: number | null = null;

  constructor(deps: { platform: Platform; options: StreamOptions }) {
    this.#platform = deps.platform;
    this.#options = deps.options;
  }

  connecting(): void {
    this.#options.onConnection?.({ status: "connecting", attempt: this.#attempt });
  }

  opened(): void {
    this.#openSinceMs = this.#platform.now();
    this.#options.onConnection?.({ status: "open" });
  }

  /** Something of use arrived. */
  progressed(): void {
    this.#attempt = 0;
    this.#lostSinceMs = null;
  }

  /** The server's own wish for the delay (SSE `retry`). */
  serverAsksFor(ms: number): void {
    this.#baseMs = Math.min(Math.max(ms, 1), STREAM_BACKOFF.maxMs);
  }

  /** Waits before the next attempt. @throws `error` itself when trying again is of no use or the time to give up has come */
  async lost(error: Error): Promise<void> {
    const now = this.#platform.now();
    if (this.#openSinceMs !== null && now - this.#openSinceMs >= GOOD_AFTER_MS) this.progressed();
    this.#openSinceMs = null;
    this.#lostSinceMs ??= now;
    if (!mayComeBack(error)) throw error;
    if (now - this.#lostSinceMs >= (this.#options.giveUpAfterMs ?? Number.POSITIVE_INFINITY))
      throw error;
    const delayMs = backoffMs(
      this.#attempt,
      { baseMs: this.#baseMs, maxMs: STREAM_BACKOFF.maxMs },
      this.#platform.random(),
    );
    this.#attempt++;
    this.#options.onConnection?.({ status: "lost", attempt: this.#attempt, delayMs, error });
    await sleep(this.#platform, delayMs, this.#options.signal);
  }
}

/** A wrong address, token or id stays wrong; a network failure or an error of the server may pass. */
function mayComeBack(error: Error): boolean {
  return (
    !isFabricError(error) ||
    error.retryable ||
    (error.status >= 500 && error.details["status"] !== undefined)
  );
}
