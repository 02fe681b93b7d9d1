import { isFabricError } from "@arc-fabric/contract";
import { QueryCache, MutationCache, QueryClient } from "@tanstack/react-query";
import { loginNeeded } from "../stores/login.ts";

function onError(error: unknown): void {
  if (isFabricError(error) && error.code === "unauthorized") loginNeeded.set(true);
}

/** Events keep the cache fresh, so nothing is asked again for its age alone; a lost server is the event stream's business. */
export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      staleTime: 60_000,
      retry: false,
      refetchOnWindowFocus: false,
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});
