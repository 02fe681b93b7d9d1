import { type DeriveRequest, FabricError, type OpenaiVideo, type Take } from "@arc-fabric/contract";
import type { Handlers, RequestContext } from "../http/handler-types.ts";
import { findVideo } from "./found.ts";
import type { HandlerDeps } from "./handler-deps.ts";
import { inSeconds, toEdit, toExtend, toFork, videoIdOf } from "./openai-derive.ts";
import { toVideo } from "./openai-translation.ts";

/** Remix, edit and extend of the OpenAI shape: fork, edit and extend of the native API. */
export function openaiDeriveHandlers(
  deps: HandlerDeps,
): Pick<Handlers, "openaiRemixVideo" | "openaiEditVideo" | "openaiExtendVideo"> {
  const { engine, store } = deps;
  return {
    openaiRemixVideo: async ({ params, body, context }) => {
      const take = await findCompleted(deps, params.video_id, "video_id");
      const steps = (await store.listStates(take.id)).map(({ step }) => step);
      return derive(deps, take, toFork(body, take, steps), context);
    },
    openaiEditVideo: async ({ body, context }) => {
      const take = await findCompleted(deps, videoIdOf(body.video), "video");
      return derive(deps, take, toEdit(body), context);
    },
    openaiExtendVideo: async ({ body, context }) => {
      const take = await findCompleted(deps, videoIdOf(body.video), "video");
      const request = toExtend(body, take, engine.model(take.model));
      try {
        return await derive(deps, take, request, context);
      } catch (error) {
        throw inSeconds(error, body);
      }
    },
  };
}

/** This shape knows only completed videos as sources. @throws FabricError `take_not_found`, `take_not_completed` */
async function findCompleted(
  { store }: HandlerDeps,
  id: string,
  field: "video_id" | "video",
): Promise<Take> {
  const take = await findVideo(store, id, field);
  if (take.status === "completed") return take;
  throw new FabricError("take_not_completed", `The video ${take.id} is ${take.status}.`, {
    details: { status: take.status },
  });
}

async function derive(
  { engine }: HandlerDeps,
  source: Take,
  request: DeriveRequest,
  context: RequestContext,
): Promise<OpenaiVideo> {
  const { idempotency } = context;
  const { take, replayed } = await engine.deriveTake(source.id, request, { idempotency });
  if (replayed) context.markReplayed();
  return toVideo(take);
}
