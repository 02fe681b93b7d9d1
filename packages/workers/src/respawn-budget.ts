import type { RespawnPolicy } from "./model-host-deps.ts";

/** Decides how soon a worker that was lost may be started again. Times are monotonic milliseconds. */
export class RespawnBudget {
  readonly #policy: RespawnPolicy;
  #losses: number[] = [];
  #exhaustedAt: number | null = null;

  constructor(policy: RespawnPolicy) {
    this.#policy = policy;
  }

  /** A worker died or did not start. @returns false when it has happened too often and nothing may be started for a while */
  recordLoss(nowMs: number): boolean {
    this.#losses = [...this.#losses.filter((at) => nowMs - at < this.#policy.windowMs), nowMs];
    if (this.#losses.length > this.#policy.budget) this.#exhaustedAt = nowMs;
    return this.#exhaustedAt === null;
  }

  /** Milliseconds to wait before the next start. */
  backoffMs(nowMs: number): number {
    const recent = this.#losses.filter((at) => nowMs - at < this.#policy.windowMs);
    const last = recent.at(-1);
    if (last === undefined) return 0;
    const pause = Math.min(
      this.#policy.backoffMs * 2 ** (recent.length - 1),
      this.#policy.maxBackoffMs,
    );
    return Math.max(0, last + pause - nowMs);
  }

  /** Milliseconds until a start is allowed again; 0 when it is. The cool-down over, the budget is whole again. */
  coolDownMs(nowMs: number): number {
    if (this.#exhaustedAt === null) return 0;
    const rest = this.#exhaustedAt + this.#policy.coolDownMs - nowMs;
    if (rest > 0) return rest;
    this.#exhaustedAt = null;
    this.#losses = [];
    return 0;
  }
}
