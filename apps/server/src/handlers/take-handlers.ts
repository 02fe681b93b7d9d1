import {
  FabricError,
  type SessionId,
  type Take,
  type TakeId,
  type TakeRequest,
} from "@arc-fabric/contract";
import type { Handlers, RequestContext } from "../http/handler-types.ts";
import { blobAnswer, readBlobAnswer } from "./blob-answer.ts";
import { findTake } from "./found.ts";
import type { HandlerDeps } from "./handler-deps.ts";
import { pageAnswer, pageOf } from "./page.ts";

type TakeHandlers = Pick<
  Handlers,
  | "createTake"
  | "createSessionTake"
  | "planTake"
  | "listTakes"
  | "getTake"
  | "cancelTake"
  | "deleteTake"
  | "listTakeLogs"
  | "listStates"
  | "getStateContent"
  | "getStatePreview"
>;

export function takeHandlers(deps: HandlerDeps): TakeHandlers {
  const { engine, store, blobs } = deps;
  return {
    createTake: ({ body, context }) => createTake(deps, body, null, context),
    createSessionTake: ({ params, body, context }) =>
      createTake(deps, body, params.session_id, context),
    planTake: ({ body }) => engine.plan(body),
    listTakes: async ({ query }) =>
      pageAnswer(
        await store.listTakes(
          {
            sessionId: query.session_id,
            parentId: query.parent_id,
            status: query.status ? [query.status] : undefined,
          },
          pageOf(query),
        ),
      ),
    getTake: ({ params }) => findTake(store, params.take_id),
    cancelTake: ({ params }) => engine.cancelTake(params.take_id),
    deleteTake: async ({ params }) => {
      await engine.deleteTake(params.take_id);
      return { id: params.take_id, deleted: true };
    },
    listTakeLogs: async ({ params, query }) => {
      await findTake(store, params.take_id);
      return { items: [...(await store.listLogLines(params.take_id, query.limit))] };
    },
    listStates: async ({ params }) => {
      await findTake(store, params.take_id);
      return { items: [...(await store.listStates(params.take_id))] };
    },
    getStateContent: async ({ params }) => {
      const { digest, bytes } = await findState(deps, params.take_id, params.step);
      const fileName = `${params.take_id}-step-${params.step}.safetensors`;
      return blobAnswer(blobs, {
        digest,
        bytes,
        mediaType: "application/octet-stream",
        fileName,
        immutable: false,
      });
    },
    getStatePreview: async ({ params }) => {
      const { previewDigest } = await findState(deps, params.take_id, params.step);
      if (previewDigest === null)
        throw new FabricError(
          "state_not_found",
          `Step ${params.step} of ${params.take_id} has no preview picture; ARC_PREVIEW_INTERVAL_MS=0 makes one for every step.`,
        );
      const fileName = `${params.take_id}-step-${params.step}.jpg`;
      return readBlobAnswer(blobs, {
        digest: previewDigest,
        mediaType: "image/jpeg",
        fileName,
        immutable: false,
      });
    },
  };
}

async function createTake(
  { engine }: HandlerDeps,
  request: TakeRequest,
  sessionId: SessionId | null,
  { idempotency, markReplayed }: RequestContext,
): Promise<Take> {
  const { take, replayed } = await engine.createTake(request, { sessionId, idempotency });
  if (replayed) markReplayed();
  return take;
}

async function findState({ store }: HandlerDeps, id: TakeId, step: number) {
  const state = await store.getState(id, step);
  if (state) return state;
  await findTake(store, id);
  throw new FabricError("state_not_found", `Step ${step} of ${id} is not stored.`, {
    details: { field: "step", value: step },
  });
}
