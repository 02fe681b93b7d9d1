import { isFinished, type TakeStatus } from "@arc-fabric/contract";

/** Steps of every take, and the groups of frames that it is decoded in. */
export const STEPS = 3;
export const GROUPS = 3;

export interface ModelTake {
  status: TakeStatus;
  priority: number;
  marked: boolean;
  atFront: boolean;
  turn: number;
  step: number;
}

/** What a server with one session does with its takes, in the fewest words: no store, no worker, no time. */
export class LifecycleModel {
  readonly takes: ModelTake[] = [];
  /** The take that runs, and how far its attempt is: encoding, steps, groups of frames. */
  #running: {
    take: ModelTake;
    phase: "encode" | "steps";
    groups: number;
  } | null = null;
  #yields = false;

  create(priority: number): void {
    const take: ModelTake = {
      status: "queued",
      priority,
      marked: false,
      atFront: false,
      turn: 0,
      step: 0,
    };
    take.turn = this.#nextTurn(priority);
    this.takes.push(take);
    this.#wake();
  }

  /** @returns the code of the refusal, or null */
  pause(take: ModelTake): string | null {
    if (isFinished(take.status)) return "take_not_active";
    if (take.status === "queued") take.status = "paused";
    if (take.status !== "running") return null;
    take.marked = true;
    // Between steps nothing is lost by stopping at once.
    if (!this.#isStepping) this.#stop("paused");
    return null;
  }

  resume(take: ModelTake): string | null {
    if (take.status === "paused") this.#requeue(take);
    else if (!take.marked) return "take_not_paused";
    take.marked = false;
    this.#wake();
    return null;
  }

  cancel(take: ModelTake): string | null {
    if (isFinished(take.status)) return "take_not_active";
    if (take.status === "running") this.#stop("cancelled");
    take.status = "cancelled";
    return null;
  }

  setPriority(take: ModelTake, priority: number): string | null {
    if (isFinished(take.status)) return "take_not_active";
    const moves = take.status === "queued" && priority !== take.priority;
    if (moves) take.turn = this.#nextTurn(priority);
    take.priority = priority;
    this.#wake();
    return null;
  }

  /** The worker answers one call. */
  work(): void {
    const running = this.#running;
    if (!running) return;
    const { take } = running;
    if (running.phase === "encode") running.phase = "steps";
    else if (take.step < STEPS) {
      take.step += 1;
      if (take.marked) this.#stop("paused");
      else if (this.#yields) this.#stop("queued");
    } else {
      running.groups += 1;
      if (running.groups === GROUPS) this.#stop("completed");
    }
  }

  /** The server is gone and another one starts. */
  crash(): void {
    const take = this.#running?.take;
    if (take) this.#stop(take.marked ? "paused" : "queued");
    else this.#wake();
  }

  get #isStepping(): boolean {
    return this.#running?.phase === "steps" && this.#running.take.step < STEPS;
  }

  #stop(status: TakeStatus): void {
    const { take } = this.#running!;
    this.#running = null;
    this.#yields = false;
    take.marked = false;
    if (status === "queued") this.#requeue(take);
    else take.status = status;
    this.#wake();
  }

  #requeue(take: ModelTake): void {
    take.status = "queued";
    take.atFront = true;
  }

  #wake(): void {
    const [next] = this.takes.filter(({ status }) => status === "queued").toSorted(runsBefore);
    if (this.#running) {
      this.#yields = next !== undefined && next.priority > this.#running.take.priority;
      return;
    }
    if (!next) return;
    next.status = "running";
    const phase = next.step < STEPS ? "encode" : "steps";
    this.#running = { take: next, phase, groups: 0 };
  }

  #nextTurn(priority: number): number {
    const turns = this.takes
      .filter((take) => take.status === "queued" && !take.atFront && take.priority === priority)
      .map(({ turn }) => turn);
    return turns.length === 0 ? 1 : Math.max(...turns) + 1;
  }
}

function runsBefore(a: ModelTake, b: ModelTake): number {
  return b.priority - a.priority || Number(b.atFront) - Number(a.atFront) || a.turn - b.turn;
}
