import {
  ALLOWED_TAKE_ACTIONS,
  FabricError,
  isFabricError,
  isFinished,
  type Take,
  takeIdSchema,
} from "@arc-fabric/contract";
import type { Handlers } from "../http/handler-types.ts";
import { artifactFile } from "./artifact-handlers.ts";
import { findTake } from "./found.ts";
import type { HandlerDeps } from "./handler-deps.ts";
import { toTakeRequest, toVideo } from "./openai-translation.ts";

type OpenaiHandlers = Pick<
  Handlers,
  | "openaiCreateVideo"
  | "openaiListVideos"
  | "openaiGetVideo"
  | "openaiDeleteVideo"
  | "openaiGetVideoContent"
  | "openaiListModels"
>;

/** The OpenAI Videos shape: each handler is a translation of calls the native API has. */
export function openaiHandlers(deps: HandlerDeps): OpenaiHandlers {
  const { engine, store } = deps;
  return {
    openaiCreateVideo: async ({ body, context }) => {
      const request = toTakeRequest(
        body,
        body.model === undefined ? defaultModel(deps) : engine.model(body.model),
      );
      const { take, replayed } = await engine.createTake(request, {
        sessionId: null,
        idempotency: context.idempotency,
      });
      if (replayed) context.markReplayed();
      return toVideo(take);
    },
    openaiListVideos: async ({ query }) => {
      const page =
        query.limit === 0
          ? { items: [], hasMore: false }
          : await store.listTakes(
              {},
              { limit: query.limit, after: query.after, order: query.order },
            );
      const data = page.items.map(toVideo);
      return {
        object: "list",
        data,
        first_id: data[0]?.id ?? null,
        last_id: data.at(-1)?.id ?? null,
        has_more: page.hasMore,
      };
    },
    openaiGetVideo: async ({ params }) => toVideo(await findVideo(deps, params.video_id)),
    openaiDeleteVideo: async ({ params }) => {
      const take = await findVideo(deps, params.video_id);
      if (!isFinished(take.status)) await cancelUnlessFinished(deps, take);
      await engine.deleteTake(take.id);
      return { id: take.id, object: "video.deleted", deleted: true };
    },
    openaiGetVideoContent: async ({ params, query }) => {
      const take = await findVideo(deps, params.video_id);
      const artifact = take.artifacts.find(({ kind }) => kind === query.variant);
      if (!artifact || !ALLOWED_TAKE_ACTIONS[take.status].includes("download"))
        throw new FabricError(
          "artifact_not_ready",
          `The video ${take.id} is ${take.status}, so its ${query.variant} cannot be downloaded.`,
        );
      return artifactFile(deps, artifact);
    },
    openaiListModels: async () => ({
      object: "list",
      data: engine
        .models()
        .map(({ id }) => ({ id, object: "model", created: 0, owned_by: "arc-fabric" })),
    }),
  };
}

/** Any text may be asked for here; one that is no take's id is simply not there. */
async function findVideo({ store }: HandlerDeps, id: string): Promise<Take> {
  const takeId = takeIdSchema.safeParse(id);
  if (!takeId.success)
    throw new FabricError("take_not_found", `There is no video "${id.slice(0, 100)}".`, {
      details: { field: "video_id" },
    });
  return findTake(store, takeId.data);
}

/** The take may end by itself between the look and the cancel, which is as good. */
async function cancelUnlessFinished({ engine }: HandlerDeps, take: Take): Promise<void> {
  try {
    await engine.cancelTake(take.id);
  } catch (error) {
    if (!isFabricError(error) || error.code !== "take_not_active") throw error;
  }
}

function defaultModel({ engine }: HandlerDeps) {
  const model = engine.models().find(({ is_default: isDefault }) => isDefault);
  if (!model)
    throw new FabricError("model_not_found", "This server has no model.", {
      details: { field: "model" },
    });
  return model;
}
