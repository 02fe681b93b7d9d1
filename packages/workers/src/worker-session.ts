import {
  FabricError,
  type FailureSeverity,
  type NamedParts,
  type ServerMessage,
} from "@arc-fabric/contract";
import type { System } from "@arc-fabric/core";
import { Conversation, type RequestMessage } from "./conversation.ts";
import type { Supply } from "./kept-feeder.ts";
import type { WorkerTimeouts } from "./model-host-deps.ts";
import type { WorkerProcess } from "./spawn-worker.ts";
import { stopProcess } from "./stop-process.ts";
import type { Delivery, WorkerConnection } from "./worker-connection.ts";
import { protocolBroken, timedOut, workerLost } from "./worker-failures.ts";

/** A sleep that takes this many times longer than asked means that this process did not run. */
const STALL_FACTOR = 3;

export interface SessionDeps {
  readonly system: System;
  readonly timeouts: WorkerTimeouts;
  readonly model: string;
  readonly workerId: string;
  readonly process: WorkerProcess;
  readonly connection: WorkerConnection;
}

type RequestBody = RequestMessage extends infer Message
  ? Message extends RequestMessage
    ? Omit<Message, "id" | "parts">
    : never
  : never;

/** A connected worker after its handshake: one request at a time, watched until it is gone. */
export class WorkerSession {
  readonly workerId: string;
  readonly pid: number | null;
  rssBytes: number | null = null;
  /** Set when the worker says that its loaded model can no longer be trusted. */
  modelBroken = false;
  /** Resolves when the process is gone, with the reason; null when it was asked to stop. */
  readonly gone: Promise<FabricError | null>;
  readonly #deps: SessionDeps;
  readonly #watching = new AbortController();
  #conversation: Conversation | null = null;
  #nextId = 1;
  /** Why we ended the worker: the first reason wins. */
  #reason: FabricError | null = null;
  #stopping = false;
  /** Monotonic time of the last sign of life. */
  #lastHeard: number;
  /** Monotonic time since which the worker has been computing without an answer. */
  #waitingSince: number;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    this.workerId = deps.workerId;
    this.pid = deps.process.pid;
    this.#lastHeard = this.#waitingSince = deps.system.monotonic();
    deps.connection.listen({
      onMessage: (delivery) => this.#receive(delivery),
      onViolation: (error) => this.kill(error),
      onClose: () => this.#closed(),
    });
    this.gone = deps.process.exited.then((how) => this.#ended(how));
    void this.#watch();
  }

  get alive(): boolean {
    return !this.#deps.process.hasExited && this.#reason === null && !this.#stopping;
  }

  /**
   * Sends a request and yields its answers, the last one included. Ends the request when the consumer stops iterating.
   * @param onSent told once how to send more that belongs to the request; after its end that does nothing
   * @throws the signal's reason when aborted, the worker's failure, `worker_lost`, `worker_timeout`, `worker_protocol`
   */
  async *request(
    body: RequestBody,
    parts: NamedParts,
    signal: AbortSignal,
    onSent: (supply: Supply) => void = () => {},
  ): AsyncGenerator<Delivery> {
    signal.throwIfAborted();
    if (!this.alive)
      throw (
        this.#reason ??
        workerLost(this.#deps.model, "it is already gone", this.#deps.process.lastLines())
      );
    if (this.#conversation)
      throw new FabricError("internal", "A worker answers one request at a time.");
    const { system, connection, timeouts, model } = this.#deps;
    const conversation = new Conversation(
      { ...body, id: this.#nextId++, parts: [] } as RequestMessage,
      parts,
      {
        system,
        connection,
        cancelMs: timeouts.cancelMs,
        onCancelTimeout: () =>
          this.kill(timedOut(model, "did not stop its request", timeouts.cancelMs)),
      },
    );
    this.#conversation = conversation;
    this.#waitingSince = system.monotonic();
    const onAbort = () => conversation.cancel();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      onSent((more, itsParts) => conversation.supply(more, itsParts));
      for (;;) {
        const delivery = await nextUnlessAborted(conversation, signal);
        this.#waitingSince = system.monotonic();
        yield delivery;
        if (conversation.finished) return;
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      conversation.cancel();
      await conversation.ended;
      this.#close(conversation);
    }
  }

  /** Ends a request that is still running, for example when its lease is given back in the middle. */
  async settle(): Promise<void> {
    const conversation = this.#conversation;
    if (!conversation) return;
    conversation.cancel();
    await conversation.ended;
    this.#close(conversation);
  }

  /** Ends the process at once. */
  kill(reason: FabricError): void {
    this.#reason ??= reason;
    this.#deps.process.kill("SIGKILL");
  }

  /** Asks the process to end, then makes it. @param reason what a running request is told */
  async stop(reason: FabricError): Promise<void> {
    this.#stopping = true;
    this.#reason ??= reason;
    const shutdown: ServerMessage = { type: "shutdown", parts: [] };
    const ask = () => {
      this.#deps.connection.send(shutdown);
      this.#deps.connection.resume();
    };
    await stopProcess(this.#deps.process, ask, this.#deps.timeouts, this.#deps.system);
  }

  #close(conversation: Conversation): void {
    if (this.#conversation !== conversation) return;
    this.#conversation = null;
    // Its reader may have left while the worker was made to wait.
    this.#deps.connection.resume();
  }

  #receive(delivery: Delivery): void {
    const { message } = delivery;
    const { model } = this.#deps;
    this.#lastHeard = this.#deps.system.monotonic();
    if (message.type === "heartbeat") {
      this.rssBytes = message.rss_bytes;
      return;
    }
    if (message.type === "handshake")
      return this.kill(protocolBroken(model, "sent a second handshake"));
    if (message.type === "failed") this.#note(message.severity, message.message);
    if (message.id === null) return;
    this.#waitingSince = this.#lastHeard;
    if (message.id === this.#conversation?.id) this.#conversation.deliver(delivery);
    // Answers to a request that has just ended may still be under way; an id never given out is a fault.
    else if (message.id >= this.#nextId)
      this.kill(protocolBroken(model, `answered request ${message.id}, which was never sent`));
  }

  #note(severity: FailureSeverity, message: string): void {
    if (severity === "model") this.modelBroken = true;
    if (severity === "worker")
      this.kill(
        workerLost(
          this.#deps.model,
          `it reported that it is broken (${message})`,
          this.#deps.process.lastLines(),
        ),
      );
  }

  /** A worker without its socket is of no use, even when its process lives on. */
  #closed(): void {
    if (this.#deps.process.hasExited || this.#stopping) return;
    this.#watching.abort();
    // An exiting process closes its socket first; its exit tells the reason.
    void this.#deps.system
      .sleep(this.#deps.timeouts.forceKillMs)
      .then(() => this.#deps.process.kill("SIGKILL"));
  }

  #ended(how: string): FabricError | null {
    this.#watching.abort();
    this.#deps.connection.destroy();
    const error = this.#reason ?? workerLost(this.#deps.model, how, this.#deps.process.lastLines());
    this.#reason = error;
    this.#conversation?.lose(error);
    return this.#stopping ? null : error;
  }

  /**
   * Kills a worker that is alive but stuck. An idle one must send heartbeats; a busy one may be silent for a step,
   * because a step may block its loop. Time in which we do not read does not count, be it that we hold the worker back
   * or that this process itself was stalled (a laptop that slept must not kill its workers on waking).
   */
  async #watch(): Promise<void> {
    const { system, timeouts, model, connection } = this.#deps;
    const { signal } = this.#watching;
    try {
      for (;;) {
        const before = system.monotonic();
        await system.sleep(timeouts.heartbeatIntervalMs, signal);
        const now = system.monotonic();
        const stalled = now - before > STALL_FACTOR * timeouts.heartbeatIntervalMs;
        if (connection.paused || stalled) {
          this.#lastHeard = this.#waitingSince = now;
          continue;
        }
        const busy = this.#conversation?.waitsForWorker ?? false;
        if (busy && now - this.#waitingSince > timeouts.stepBudgetMs)
          return this.kill(timedOut(model, "made no progress", timeouts.stepBudgetMs));
        if (!busy && now - this.#lastHeard > timeouts.heartbeatTimeoutMs)
          return this.kill(timedOut(model, "sent no heartbeat", timeouts.heartbeatTimeoutMs));
      }
    } catch {
      // The session has ended.
    }
  }
}

async function nextUnlessAborted(
  conversation: Conversation,
  signal: AbortSignal,
): Promise<Delivery> {
  try {
    const delivery = await conversation.next();
    signal.throwIfAborted();
    if (delivery) return delivery;
  } catch (error) {
    // Whatever a cancelled request ends with, its caller only wanted it to end.
    if (signal.aborted) await conversation.ended;
    signal.throwIfAborted();
    throw error;
  }
  throw new FabricError(
    "worker_protocol",
    "The worker ended a request with `cancelled` that nobody cancelled.",
  );
}
