import { type FabricEvent, FabricError, newId, type SessionId } from "@arc-fabric/contract";
import type { EventAnswer, Handlers } from "../http/handler-types.ts";
import { sessionNotFound } from "./found.ts";
import type { HandlerDeps } from "./handler-deps.ts";
import { pageAnswer, pageOf } from "./page.ts";

type SessionHandlers = Pick<
  Handlers,
  | "createSession"
  | "listSessions"
  | "getSession"
  | "updateSession"
  | "deleteSession"
  | "streamSessionEvents"
  | "streamEvents"
>;

export function sessionHandlers({ store, engine, system }: HandlerDeps): SessionHandlers {
  const deletions = new Deletions();
  return {
    createSession: async ({ body, context }) => {
      const nowMs = system.now();
      const id = newId("ses", nowMs, (count) => system.randomBytes(count));
      const session = await store.createSession(
        { id, title: body.title, nowMs },
        context.idempotency,
      );
      if (session.id !== id) context.markReplayed();
      return session;
    },
    listSessions: async ({ query }) => pageAnswer(await store.listSessions(pageOf(query))),
    getSession: async ({ params }) =>
      (await store.getSession(params.session_id)) ?? fail(params.session_id),
    updateSession: ({ params, body }) => engine.updateSession(params.session_id, body),
    deleteSession: async ({ params }) => {
      await engine.deleteSession(params.session_id);
      deletions.tell(params.session_id);
      return { id: params.session_id, deleted: true };
    },
    streamSessionEvents: async ({ params, context }) =>
      sessionEvents(store, deletions, params.session_id, context.lastEventId),
    streamEvents: async ({ context }) => allEvents(store, context.lastEventId),
  };
}

/** A session's events are deleted with it, so none can tell the open streams that it is gone. */
class Deletions {
  readonly #listeners = new Set<{ id: SessionId; notify: () => void }>();

  listen(id: SessionId, notify: () => void): () => void {
    const entry = { id, notify };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  tell(id: SessionId): void {
    for (const listener of this.#listeners) if (listener.id === id) listener.notify();
  }
}

async function sessionEvents(
  store: HandlerDeps["store"],
  deletions: Deletions,
  id: SessionId,
  after: number | null,
): Promise<EventAnswer> {
  const session = (await store.getSession(id)) ?? fail(id);
  checkKnown(after, session.last_seq);
  return {
    after: after ?? 0,
    numberOf: (event) => event.seq,
    read: (last, limit) => store.readSessionEvents(id, last, limit),
    onGone: (listener) => deletions.listen(id, listener),
    concerns: (event: FabricEvent) => event.session_id === id,
  };
}

async function allEvents(store: HandlerDeps["store"], after: number | null): Promise<EventAnswer> {
  const newest = await store.lastPosition();
  checkKnown(after, newest);
  return {
    after: after ?? newest,
    numberOf: (event) => event.position,
    read: (last, limit) => store.readEvents(last, limit),
    onGone: () => () => {},
    concerns: () => true,
  };
}

/** An id from the future belongs to another database: silence until the numbers catch up would lose events. */
function checkKnown(after: number | null, newest: number): void {
  if (after !== null && after > newest)
    throw new FabricError(
      "invalid_cursor",
      `There is no event ${after}; the newest is ${newest}.`,
      { details: { field: "after", newest } },
    );
}

function fail(id: SessionId): never {
  throw sessionNotFound(id);
}
