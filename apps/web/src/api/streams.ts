import type { FabricEvent, Stream, StreamChanges, StreamRequest, Take } from "@arc-fabric/contract";
import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { client } from "./client.ts";
import { keys } from "./keys.ts";
import { putTake } from "./take-cache.ts";

/** The session's stream; null where it has none. */
export function useStream(sessionId: string) {
  return useQuery({
    queryKey: keys.stream(sessionId),
    queryFn: async ({ signal }) =>
      (await client.call("listStreams", { query: { session_id: sessionId } }, { signal }))
        .items[0] ?? null,
  });
}

export function useCreateStream() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (request: StreamRequest) => client.call("createStream", { body: request }),
    onSuccess: (stream) => putStream(cache, stream),
  });
}

/** A call that changes a stream and answers with it. */
function useStreamMutation<Input>(call: (input: Input) => Promise<Stream>) {
  const cache = useQueryClient();
  return useMutation({ mutationFn: call, onSuccess: (stream) => putStream(cache, stream) });
}
const ofStream = ({ id }: Stream) => ({ params: { stream_id: id } });

export const usePauseStream = () =>
  useStreamMutation((stream: Stream) => client.call("pauseStream", ofStream(stream)));

export const useChangeStream = () =>
  useStreamMutation(({ stream, changes }: { stream: Stream; changes: StreamChanges }) =>
    client.call("updateStream", { ...ofStream(stream), body: changes }),
  );

/** @param blocks how many more it may make; where it has made as many as it may, it needs some */
export const useResumeStream = () =>
  useStreamMutation(async ({ stream, blocks = 0 }: { stream: Stream; blocks?: number }) => {
    if (blocks > 0)
      await client.call("updateStream", {
        ...ofStream(stream),
        body: { max_blocks: stream.blocks + blocks },
      });
    return client.call("resumeStream", ofStream(stream));
  });

/** Goes on from a block at once, also where the stream was paused. */
export const useRewindStream = () =>
  useStreamMutation(async ({ stream, takeId }: { stream: Stream; takeId: Take["id"] }) => {
    const rewound = await client.call("rewindStream", {
      ...ofStream(stream),
      body: { take_id: takeId },
    });
    const goesOn = rewound.status === "running" || rewound.blocks >= rewound.max_blocks;
    return goesOn ? rewound : client.call("resumeStream", ofStream(stream));
  });

export function useFinalizeStream() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (stream: Stream) => client.call("finalizeStream", ofStream(stream)),
    onSuccess: (take) => {
      putTake(cache, take);
      void cache.invalidateQueries({ queryKey: keys.stream(take.session_id) });
    },
  });
}

const putStream = (cache: QueryClient, stream: Stream) =>
  void cache.setQueryData<Stream | null>(keys.stream(stream.session_id), stream);

/** Shown at once; the settings that the event does not tell are asked for. */
export function applyStreamEvent(
  cache: QueryClient,
  { session_id, data }: Extract<FabricEvent, { type: "stream.changed" }>,
): void {
  const { stream_id: _, ...changes } = data;
  cache.setQueryData<Stream | null>(
    keys.stream(session_id),
    (stream) => stream && { ...stream, ...changes },
  );
}
