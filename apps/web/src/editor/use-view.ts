import type { Session, Take } from "@arc-fabric/contract";
import { useSearchParams } from "react-router";

/** Which take is looked at, and which one it is compared with; both are in the address. */
export function useView(session: Session, takes: readonly Take[]) {
  const [search, setSearch] = useSearchParams();
  const byId = (id: string | null) => takes.find((take) => take.id === id) ?? null;
  const take = byId(search.get("take")) ?? byId(session.head_take_id) ?? takes.at(-1)!;
  const compared = byId(search.get("with"));
  const other = compared?.id === take.id ? null : compared;
  const set = (next: { take: string; with?: string }) =>
    setSearch(next, { replace: true, preventScrollReset: true });
  return {
    take,
    other,
    open: (id: string) => set({ take: id, ...(other && other.id !== id && { with: other.id }) }),
    openAlone: (id: string) => set({ take: id }),
    compareWith(id: string) {
      if (id !== take.id) set({ take: take.id, with: id });
    },
    toggleCompare() {
      if (other) return set({ take: take.id });
      const next = byId(take.parent_id) ?? takes.find(({ id }) => id !== take.id);
      if (next) set({ take: take.id, with: next.id });
    },
  };
}

export type View = ReturnType<typeof useView>;
