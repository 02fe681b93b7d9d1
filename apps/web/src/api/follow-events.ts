import { isFabricError, type FabricEvent, type Session, type Take } from "@arc-fabric/contract";
import { notifyManager, type QueryClient } from "@tanstack/react-query";
import { connection } from "../stores/connection.ts";
import { loginNeeded } from "../stores/login.ts";
import { client } from "./client.ts";
import { keys } from "./keys.ts";
import { applyStreamEvent } from "./streams.ts";
import { applyEvent, dropTake, putTake } from "./take-cache.ts";

/** Events come in bursts; what they make stale is asked for once after a burst. */
const SETTLE_MS = 150;

/** A fast model makes more steps than anybody sees: what is shown of them changes this often at most. */
const STEPS_MS = 200;

/**
 * Keeps the cache at what the server says until aborted: the stream is opened first and everything is asked for after
 * that, so nothing can happen in between. After a lost connection the stream goes on by itself from the last id.
 */
export async function followEvents(cache: QueryClient, signal: AbortSignal): Promise<void> {
  const later = new Later(SETTLE_MS);
  const steps = new Gathered<FabricEvent>(STEPS_MS, (events) =>
    notifyManager.batch(() => {
      for (const event of events) onEvent(cache, event, later);
    }),
  );
  signal.addEventListener("abort", () => {
    later.clear();
    steps.clear();
  });
  try {
    const events = client.events({
      signal,
      onConnection(next) {
        if (signal.aborted) return;
        connection.set(next);
        if (next.status === "open") void cache.invalidateQueries();
      },
    });
    for await (const event of events) {
      steps.add(event);
      if (event.type !== "step.completed") steps.flush();
    }
  } catch (error) {
    if (signal.aborted) return;
    if (isFabricError(error) && error.code === "unauthorized") loginNeeded.set(true);
    else
      connection.set({
        status: "lost",
        attempt: 1,
        delayMs: 0,
        error: error instanceof Error ? error : new Error(String(error)),
      });
  }
}

function onEvent(cache: QueryClient, event: FabricEvent, later: Later): void {
  applyEvent(cache, event);
  switch (event.type) {
    case "take.reused":
      void cache.invalidateQueries({ queryKey: keys.states(event.data.take_id) });
      break;
    case "session.renamed":
    case "session.head_changed":
      cache.setQueryData<Session>(
        keys.session(event.session_id),
        (session) => session && { ...session, ...event.data },
      );
      break;
    case "take.queued":
    case "take.interrupted":
    case "take.preempted":
    case "take.paused":
    case "take.resumed":
    case "take.completed":
    case "take.failed":
    case "take.cancelled": {
      const id = event.data.take_id;
      later.run(id, () => {
        void refreshTake(cache, id);
        void cache.invalidateQueries({ queryKey: keys.states(id) });
      });
      later.run("queue", () => refreshQueue(cache));
      break;
    }
    case "take.started":
      later.run("queue", () => refreshQueue(cache));
      break;
    case "stream.changed":
      applyStreamEvent(cache, event);
      later.run(event.data.stream_id, () => {
        void cache.invalidateQueries({ queryKey: keys.stream(event.session_id) });
      });
      break;
    case "take.deleted":
      dropTake(cache, event.data.take_id);
      break;
    default:
  }
  if (event.type === "phase.changed" || event.type.startsWith("take."))
    later.run("models", () => void cache.invalidateQueries({ queryKey: keys.models }));
}

async function refreshTake(cache: QueryClient, id: string): Promise<void> {
  const take = await client.takes.get(id).catch(() => null);
  if (take) putTake(cache, take);
}

/** Everyone moves up when a take leaves the queue. */
function refreshQueue(cache: QueryClient): void {
  void cache.invalidateQueries({ queryKey: keys.lists });
  void cache.invalidateQueries({
    queryKey: keys.trees,
    predicate: ({ state }) =>
      (state.data as Take[] | undefined)?.some(({ status }) => status === "queued") ?? false,
  });
  void cache.invalidateQueries({
    queryKey: ["take"],
    predicate: ({ state }) => (state.data as { status?: string } | undefined)?.status === "queued",
  });
}

/** Hands over what was added at once, or together with all that follows until `ms` have passed since the last time. */
class Gathered<Item> {
  readonly #ms: number;
  readonly #handOver: (items: readonly Item[]) => void;
  #items: Item[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number, handOver: (items: readonly Item[]) => void) {
    this.#ms = ms;
    this.#handOver = handOver;
  }

  add(item: Item): void {
    this.#items.push(item);
    if (this.#timer === undefined) this.flush();
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#items.length === 0) return;
    const items = this.#items;
    this.#items = [];
    this.#timer = setTimeout(() => this.flush(), this.#ms);
    this.#handOver(items);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#items = [];
  }
}

/** Runs each named task once, some time after it was last asked for. */
class Later {
  readonly #ms: number;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(ms: number) {
    this.#ms = ms;
  }

  run(name: string, task: () => void): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(
      name,
      setTimeout(() => {
        this.#timers.delete(name);
        task();
      }, this.#ms),
    );
  }

  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
