import {
  ALLOWED_TAKE_ACTIONS,
  FabricError,
  isFabricError,
  type OpenaiCreateVideo,
  type Take,
} from "@arc-fabric/contract";
import type { Handlers } from "../http/handler-types.ts";
import { artifactFile } from "./artifact-handlers.ts";
import { findVideo } from "./found.ts";
import type { HandlerDeps } from "./handler-deps.ts";
import { openaiDeriveHandlers } from "./openai-derive-handlers.ts";
import { toTakeRequest, toVideo } from "./openai-translation.ts";
import { nameOf } from "./storage-handlers.ts";

type OpenaiHandlers = ReturnType<typeof openaiDeriveHandlers> &
  Pick<
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
    ...openaiDeriveHandlers(deps),
    openaiCreateVideo: async ({ body, context }) => {
      const model = body.model === undefined ? defaultModel(deps) : engine.model(body.model);
      const request = {
        ...toTakeRequest(body, model),
        ...(body.input_reference && {
          first_frame: await pictureDigest(deps, body.input_reference),
        }),
      };
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
    openaiGetVideo: async ({ params }) => toVideo(await findVideo(store, params.video_id)),
    openaiDeleteVideo: async ({ params }) => {
      const take = await findVideo(store, params.video_id);
      await deleteTake(deps, take);
      return { id: take.id, object: "video.deleted", deleted: true };
    },
    openaiGetVideoContent: async ({ params, query }) => {
      const take = await findVideo(store, params.video_id);
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

/** @throws FabricError `invalid_image`, `unsupported_value` for an address: nothing is fetched from elsewhere */
async function pictureDigest(
  { engine }: HandlerDeps,
  reference: NonNullable<OpenaiCreateVideo["input_reference"]>,
): Promise<string> {
  if (reference instanceof Uint8Array)
    return (await engine.addFile(reference, nameOf(reference))).digest;
  if ("file_id" in reference) return reference.file_id;
  throw new FabricError(
    "unsupported_value",
    "This server fetches no pictures from addresses; send the picture itself as input_reference, or upload it with POST /api/v1/files and send its digest as file_id.",
    { details: { field: "input_reference" } },
  );
}

/** This shape deletes a video that is being made, too. @throws FabricError `take_in_use`: then it goes on */
async function deleteTake({ engine }: HandlerDeps, { id }: Take): Promise<void> {
  try {
    await engine.deleteTake(id);
  } catch (error) {
    if (!isFabricError(error) || error.code !== "take_active") throw error;
    await engine.cancelTake(id).catch(ignoreEnded);
    await engine.deleteTake(id);
  }
}

/** The take may end by itself between the look and the cancel, which is as good. */
function ignoreEnded(error: unknown): void {
  if (!isFabricError(error) || error.code !== "take_not_active") throw error;
}

function defaultModel({ engine }: HandlerDeps) {
  const model = engine.models().find(({ is_default: isDefault }) => isDefault);
  if (!model)
    throw new FabricError("model_not_found", "This server has no model.", {
      details: { field: "model" },
    });
  return model;
}
