import type { SessionId, TakeId, TakeStatus } from "@arc-fabric/contract";

/** What the model knows of a take. */
export interface ModelTake {
  readonly id: TakeId;
  readonly session: SessionId;
  readonly parent: TakeId | null;
  status: TakeStatus;
  marked: boolean;
  priority: number;
  front: boolean;
  turn: number;
}

/** "ok" or the code of the error. */
type Outcome = string;

const ACTIVE: readonly TakeStatus[] = ["queued", "running", "paused"];

/** Takes and their queue as a list that is searched and sorted: too slow to serve, too simple to be wrong. */
export class QueueModel {
  /** In the order of their arrival. */
  takes: ModelTake[] = [];

  create(take: Pick<ModelTake, "id" | "session" | "parent" | "priority">): void {
    const turn = this.#nextTurn(take.session, take.priority);
    this.takes.push({ ...take, status: "queued", marked: false, front: false, turn });
  }

  #nextTurn(session: SessionId, priority: number): number {
    const waiting = this.queue().filter((take) => take.priority === priority && !take.front);
    const own = waiting.filter((take) => take.session === session).map(({ turn }) => turn);
    const present = waiting.length > 0 ? Math.min(...waiting.map(({ turn }) => turn)) : 1;
    return Math.max(1 + Math.max(0, ...own), present);
  }

  find(id: TakeId): ModelTake | undefined {
    return this.takes.find((take) => take.id === id);
  }

  /** What waits, the next one first. */
  queue(): ModelTake[] {
    return this.takes
      .filter(({ status }) => status === "queued")
      .toSorted(
        (a, b) => b.priority - a.priority || Number(b.front) - Number(a.front) || a.turn - b.turn,
      );
  }

  claim(): TakeId | null {
    const [next] = this.queue();
    if (!next) return null;
    next.status = "running";
    return next.id;
  }

  pause(id: TakeId): Outcome {
    const take = this.find(id);
    if (!take) return "take_not_found";
    if (!ACTIVE.includes(take.status)) return "take_not_active";
    if (take.status === "running") take.marked = true;
    else take.status = "paused";
    return "ok";
  }

  resume(id: TakeId): Outcome {
    const take = this.find(id);
    if (!take) return "take_not_found";
    if (take.status === "paused") this.#toFront(take);
    else if (take.marked) take.marked = false;
    else return "take_not_paused";
    return "ok";
  }

  /** The one who runs it gives it back: because it was to pause, or for another reason. */
  giveBack(id: TakeId): void {
    const take = this.find(id);
    if (take?.status !== "running") return;
    if (take.marked) this.#end(take, "paused");
    else this.#toFront(take);
  }

  giveAllBack(): TakeId[] {
    const running = this.takes.filter(({ status }) => status === "running");
    for (const { id } of running) this.giveBack(id);
    return running.map(({ id }) => id);
  }

  complete(id: TakeId): void {
    const take = this.find(id);
    if (take?.status === "running") this.#end(take, "completed");
  }

  cancel(id: TakeId): Outcome {
    const take = this.find(id);
    if (!take) return "take_not_found";
    if (!ACTIVE.includes(take.status)) return "take_not_active";
    this.#end(take, "cancelled");
    return "ok";
  }

  prioritize(id: TakeId, priority: number): void {
    const take = this.find(id);
    if (!take || take.priority === priority) return;
    if (take.status === "queued") take.turn = this.#nextTurn(take.session, priority);
    take.priority = priority;
  }

  delete(id: TakeId): Outcome {
    const take = this.find(id);
    if (!take) return "ok";
    if (this.takes.some(({ parent }) => parent === id)) return "take_in_use";
    if (ACTIVE.includes(take.status)) return "take_active";
    this.takes = this.takes.filter((other) => other !== take);
    return "ok";
  }

  #end(take: ModelTake, status: TakeStatus): void {
    take.status = status;
    take.marked = false;
  }

  #toFront(take: ModelTake): void {
    this.#end(take, "queued");
    take.front = true;
  }
}
