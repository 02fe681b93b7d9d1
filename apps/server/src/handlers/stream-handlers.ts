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
    createStream: async ({ body, context }) => {
      const { stream, replayed } = await streams.create(body, context.idempotency);
      if (replayed) context.markReplayed();
      return stream;
    },
    listStreams: async ({ query }) => ({
      items: await streams.list({ sessionId: query.session_id }),
    }),
    getStream: ({ params }) => streams.get(params.stream_id),
    updateStream: ({ params, body }) => streams.update(params.stream_id, body),
    pauseStream: ({ params }) => streams.pause(params.stream_id),
    resumeStream: ({ params }) => streams.resume(params.stream_id),
    rewindStream: ({ params, body }) => streams.rewind(params.stream_id, body.take_id),
    finalizeStream: async ({ params, context }) => {
      const { take, replayed } = await streams.finalize(params.stream_id, context.idempotency);
      if (replayed) context.markReplayed();
      return take;
    },
  };
}
