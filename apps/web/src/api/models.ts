import type { Model } from "@arc-fabric/contract";
import { useQuery } from "@tanstack/react-query";
import { client } from "./client.ts";
import { keys } from "./keys.ts";

/** A worker's status has no events, so models are asked for now and then. */
const MODEL_REFRESH_MS = 10_000;

export function useModels() {
  return useQuery({
    queryKey: keys.models,
    queryFn: ({ signal }) => client.models.list({ signal }),
    refetchInterval: MODEL_REFRESH_MS,
  });
}

/** The chosen model, the default one, or the first. */
export function pickModel(models: readonly Model[], id: string | null): Model | null {
  return (
    models.find((model) => model.id === id) ??
    models.find((model) => model.is_default) ??
    models[0] ??
    null
  );
}
