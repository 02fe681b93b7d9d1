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
      return { id: params.session_id, deleted: true };
    },
    streamSessionEvents: async ({ params, context }) =>
      sessionEvents(store, params.session_id, context.lastEventId),
    streamEvents: async ({ context }) => allEvents(store, context.lastEventId),
  };
}

async function sessionEvents(
  store: HandlerDeps["store"],
  id: SessionId,
  after: number | null,
): Promise<EventAnswer> {
  const session = (await store.getSession(id)) ?? fail(id);
  checkKnown(after, session.last_seq);
  return {
    after: after ?? 0,
    numberOf: (event) => event.seq,
    read: (last, limit) => store.readSessionEvents(id, last, limit),
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
