import type { FabricError, NamedParts, ServerMessage, WorkerMessage } from "@arc-fabric/contract";
import type { System } from "@arc-fabric/core";
import { startTimer } from "./start-timer.ts";
import type { Delivery, WorkerConnection } from "./worker-connection.ts";
import { failureFrom } from "./worker-failures.ts";

/** Unread answers held here before the worker is made to wait. */
const MAX_UNREAD = 2;

export type RequestMessage = Extract<ServerMessage, { id: number }>;

type SupplyMessage = Extract<ServerMessage, { type: "kept" }>;

export interface ConversationDeps {
  readonly system: System;
  readonly connection: WorkerConnection;
  /** How long the worker may take from cancel to its last answer. */
  readonly cancelMs: number;
  /** The worker did not stop in time. */
  readonly onCancelTimeout: () => void;
}

/** One request and its answers. The last of them is a `failed`, `cancelled`, `….completed` or `health.report`. */
export class Conversation {
  readonly id: number;
  readonly #deps: ConversationDeps;
  readonly #unread: Delivery[] = [];
  #wake: (() => void) | null = null;
  #lost: FabricError | null = null;
  #cancelling = false;
  #stopTimer: (() => void) | null = null;
  #lastArrived = false;
  #resolveEnded: () => void = () => {};
  /** Resolves when the worker has nothing more to say to this request, or is gone. */
  readonly ended = new Promise<void>((resolve) => (this.#resolveEnded = resolve));

  constructor(request: RequestMessage, parts: NamedParts, deps: ConversationDeps) {
    this.id = request.id;
    this.#deps = deps;
    deps.connection.send(request, parts);
  }

  /** The last answer was read. */
  get finished(): boolean {
    return this.#lastArrived && this.#unread.length === 0;
  }

  /** The worker computes on this request right now, as opposed to waiting for us to read. */
  get waitsForWorker(): boolean {
    return !this.#lastArrived && this.#unread.length === 0;
  }

  deliver(delivery: Delivery): void {
    if (this.#lastArrived) return;
    this.#lastArrived = isLast(delivery.message);
    if (this.#lastArrived) this.#end();
    if (this.#cancelling && !this.#lastArrived) return;
    this.#unread.push(delivery);
    if (this.#unread.length >= MAX_UNREAD && !this.#lastArrived) this.#deps.connection.pause();
    this.#wake?.();
  }

  lose(error: FabricError): void {
    if (this.#lastArrived) return;
    this.#lost = error;
    this.#end();
    this.#wake?.();
  }

  /** Sends more that belongs to the request, as long as it runs. */
  supply(body: Omit<SupplyMessage, "target" | "parts">, parts: NamedParts): void {
    if (this.#cancelling || this.#lastArrived || this.#lost) return;
    this.#deps.connection.send({ ...body, target: this.id, parts: [] }, parts);
  }

  /** Asks the worker to stop; what it still says on the way is dropped. */
  cancel(): void {
    if (this.#cancelling || this.#lastArrived || this.#lost) return;
    this.#cancelling = true;
    this.#unread.length = 0;
    this.#deps.connection.send({ type: "cancel", target: this.id, parts: [] });
    this.#deps.connection.resume();
    this.#stopTimer = startTimer(
      this.#deps.system,
      this.#deps.cancelMs,
      this.#deps.onCancelTimeout,
    );
  }

  /** The next answer; failures are thrown. null after a cancel once the worker has stopped. */
  async next(): Promise<Delivery | null> {
    while (this.#unread.length === 0) {
      if (this.#lost) throw this.#lost;
      if (this.#lastArrived) return null;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const delivery = this.#unread.shift()!;
    if (this.#unread.length < MAX_UNREAD) this.#deps.connection.resume();
    if (delivery.message.type === "failed") throw failureFrom(delivery.message);
    return delivery.message.type === "cancelled" ? null : delivery;
  }

  #end(): void {
    this.#stopTimer?.();
    this.#resolveEnded();
  }
}

function isLast(message: WorkerMessage): boolean {
  switch (message.type) {
    case "load.progress":
    case "denoise.step":
    case "decode.frames":
    case "handshake":
    case "heartbeat":
      return false;
    default:
      return true;
  }
}
