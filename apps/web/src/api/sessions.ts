import type { Session, Take } from "@arc-fabric/contract";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { client } from "./client.ts";
import { keys } from "./keys.ts";

const PAGE = 100;

export function useSession(id: string) {
  return useQuery({
    queryKey: keys.session(id),
    queryFn: ({ signal }) => client.sessions.get(id, { signal }),
  });
}

/** Every take of a session, oldest first; events keep it fresh. */
export function useTree(sessionId: string) {
  return useQuery({
    queryKey: keys.tree(sessionId),
    async queryFn({ signal }): Promise<Take[]> {
      const takes: Take[] = [];
      for (;;) {
        const last = takes.at(-1);
        const page = await client.takes.list({
          sessionId,
          limit: PAGE,
          order: "asc",
          signal,
          ...(last && { after: last.id }),
        });
        takes.push(...page.items);
        if (!page.has_more || page.items.length === 0) return takes;
      }
    },
  });
}

/** Title or head; shown at once and taken back when the server refuses. */
export function useUpdateSession(id: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (changes: { title?: string; head_take_id?: Take["id"] | null }) =>
      client.sessions.update(id, changes),
    onMutate: (changes) =>
      cache.setQueryData<Session>(
        keys.session(id),
        (session) => session && { ...session, ...changes },
      ),
    onError: () => cache.invalidateQueries({ queryKey: keys.session(id) }),
  });
}

export function useImportSession() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (file: File) => client.sessions.import(file),
    onSuccess: (session) => {
      cache.setQueryData(keys.session(session.id), session);
      void cache.invalidateQueries({ queryKey: keys.lists });
      void cache.invalidateQueries({ queryKey: keys.storage });
    },
  });
}
