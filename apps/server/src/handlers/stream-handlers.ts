import type { Handlers } from "../http/handler-types.ts";
import type { HandlerDeps } from "./handler-deps.ts";

type StreamHandlers = Pick<
  Handlers,
  | "createStream"
  | "listStreams"
  | "getStream"
  | "updateStream"
  | "pauseStream"
  | "resumeStream"
  | "rewindStream"
  | "finalizeStream"
>;

export function streamHandlers({ engine: { streams } }: HandlerDeps): StreamHandlers {
  return {
    createStream: ({ body, context }) => streams.create(body, context.idempotency),
    listStreams: async ({ query }) => ({
      items: await streams.list({ sessionId: query.session_id }),
    }),
    getStream: ({ params }) => streams.get(params.stream_id),
    updateStream: ({ params, body }) => streams.update(params.stream_id, body),
    pauseStream: ({ params }) => streams.pause(params.stream_id),
    resumeStream: ({ params }) => streams.resume(params.stream_id),
    rewindStream: ({ params, body }) => streams.rewind(params.stream_id, body.take_id),
    finalizeStream: ({ params, context }) =>
      streams.finalize(params.stream_id, context.idempotency),
  };
}
