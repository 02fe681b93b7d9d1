import { useQuery } from "@tanstack/react-query";
import { client } from "./client.ts";
import { keys } from "./keys.ts";

const SYSTEM_REFRESH_MS = 3_000;

export function useSystem() {
  return useQuery({
    queryKey: keys.system,
    queryFn: ({ signal }) => client.system({ signal }),
    refetchInterval: SYSTEM_REFRESH_MS,
  });
}
