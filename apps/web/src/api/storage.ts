import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { client } from "./client.ts";
import { keys } from "./keys.ts";

export function useStorage() {
  return useQuery({
    queryKey: keys.storage,
    queryFn: ({ signal }) => client.storage.get({ signal }),
    staleTime: 0,
  });
}

/** What thinning would remove; asked for again with every change of `keepEvery`. */
export function useThinnable(keepEvery: number) {
  return useQuery({
    queryKey: [...keys.storage, "thin", keepEvery],
    queryFn: ({ signal }) =>
      client.storage.thin({ keep_every: keepEvery, dry_run: true }, { signal }),
    staleTime: 0,
  });
}

export function useThinStates() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (keepEvery: number) => client.storage.thin({ keep_every: keepEvery }),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.storage }),
  });
}
