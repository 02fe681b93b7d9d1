import type { DeriveRequestInput, Take } from "@arc-fabric/contract";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { client } from "./client.ts";
import { keys } from "./keys.ts";
import { putTake, type Step } from "./take-cache.ts";

/** What a derived take would run and cost; nothing is asked for null. */
export function usePlanned(takeId: string, request: DeriveRequestInput | null) {
  return useQuery({
    queryKey: keys.planned(takeId, request),
    queryFn: ({ signal }) => client.takes.planDerived(takeId, request!, { signal }),
    enabled: request !== null,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    gcTime: 30_000,
  });
}

export function useDerive() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ takeId, request }: { takeId: string; request: DeriveRequestInput }) =>
      client.takes.derive(takeId, request),
    onSuccess: (take) => putTake(cache, take),
  });
}

/** A call that changes a take and answers with it. */
function useTakeMutation<Input>(call: (input: Input) => Promise<Take>) {
  const cache = useQueryClient();
  return useMutation({ mutationFn: call, onSuccess: (take) => putTake(cache, take) });
}
export const usePauseTake = () => useTakeMutation((id: string) => client.takes.pause(id));
export const useResumeTake = () => useTakeMutation((id: string) => client.takes.resume(id));
export const useUpdateTake = () =>
  useTakeMutation(({ id, ...changes }: { id: string; title?: string | null; tags?: string[] }) =>
    client.takes.update(id, changes),
  );

export function useLabelStep(takeId: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ step, label }: { step: number; label: string | null }) =>
      client.takes.label(takeId, step, label),
    onSuccess: (state) =>
      cache.setQueryData<Step[]>(keys.states(takeId), (steps) =>
        steps?.map((known) => (known.step === state.step ? state : known)),
      ),
  });
}

export function useComparison(a: Take, b: Take) {
  const both = a.status === "completed" && b.status === "completed";
  return useQuery({
    queryKey: keys.comparison(a.id, b.id),
    queryFn: ({ signal }) => client.takes.compare(a.id, b.id, { signal }),
    enabled: both,
    staleTime: Infinity,
  });
}
