import {
  isFabricError,
  isFinished,
  type Take,
  type TakeRequest,
  type TakeStatus,
} from "@arc-fabric/contract";
import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQueries,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { client } from "./client.ts";
import { keys } from "./keys.ts";
import { dropTake, putTake, type Step } from "./take-cache.ts";

const PAGE = 24;

export function useTake(id: string) {
  return useQuery({
    queryKey: keys.take(id),
    queryFn: ({ signal }) => client.takes.get(id, { signal }),
  });
}

/** Newest first; the next page begins after the last take shown. */
export function useTakes(status: TakeStatus | null) {
  return useInfiniteQuery({
    queryKey: keys.list(status),
    queryFn: ({ pageParam, signal }) =>
      client.takes.list({
        limit: PAGE,
        signal,
        ...(status && { status }),
        ...(pageParam && { after: pageParam }),
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => (page.has_more ? (page.items.at(-1)?.id ?? null) : null),
    placeholderData: keepPreviousData,
  });
}

export function useSteps(id: string) {
  return useQuery({
    queryKey: keys.states(id),
    queryFn: ({ signal }): Promise<Step[]> => client.takes.states(id, { signal }),
  });
}

export function useLogs(take: Take) {
  return useQuery({
    queryKey: keys.logs(take.id),
    queryFn: ({ signal }) => client.takes.logs(take.id, { limit: 500, signal }),
    refetchInterval: isFinished(take.status) ? false : 2_000,
    staleTime: 0,
  });
}

export function useCreateTake() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ request, sessionId }: { request: TakeRequest; sessionId?: string | null }) =>
      client.takes.create(request, sessionId ? { sessionId } : {}),
    onSuccess: (take) => putTake(cache, take),
  });
}

/** What a request is expected to take; null where nothing like it was measured yet. */
export function useEstimate(request: TakeRequest) {
  const planned = useQuery({
    queryKey: keys.planned("", request),
    queryFn: ({ signal }) => client.takes.plan(request, { signal }),
    enabled: request.prompt !== "",
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    gcTime: 30_000,
  });
  return planned.isError ? null : (planned.data?.estimate ?? null);
}

/** The same for each of several requests, in their order; undefined while that is not known. */
export function useEstimates(requests: readonly TakeRequest[]) {
  return useQueries({
    queries: requests.map((request) => ({
      queryKey: keys.planned("", request),
      queryFn: ({ signal }: { signal: AbortSignal }) => client.takes.plan(request, { signal }),
      enabled: request.prompt !== "",
      staleTime: 10_000,
      gcTime: 30_000,
    })),
  }).map(({ data }) => data?.estimate);
}

export function useCancelTake() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => client.takes.cancel(id),
    onSuccess: (take) => putTake(cache, take),
    // It ended in the moment of the click: what counts is how it ended.
    onError: (error, id) =>
      isFabricError(error) &&
      error.code === "take_not_active" &&
      void cache.invalidateQueries({ queryKey: keys.take(id) }),
  });
}

export function useDeleteTake() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => client.takes.delete(id),
    onSuccess: (_, id) => dropTake(cache, id),
  });
}
