import { useQuery } from "@tanstack/react-query";
import { client } from "./client.ts";
import { keys } from "./keys.ts";

const SYSTEM_REFRESH_MS = 3_000;
/** While encoders are being tried, which takes a second or two. */
const PROBING_REFRESH_MS = 500;

export function useSystem() {
  return useQuery({
    queryKey: keys.system,
    queryFn: ({ signal }) => client.system({ signal }),
    refetchInterval: ({ state }) =>
      state.data?.encoders_probing ? PROBING_REFRESH_MS : SYSTEM_REFRESH_MS,
  });
}
