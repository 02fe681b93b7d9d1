import type { Session, Take } from "@arc-fabric/contract";
import { useState } from "react";
import { useLocation, useNavigationType, useSearchParams } from "react-router";

interface Shown {
  readonly take: string | null;
  /** The take it is compared with. */
  readonly with: string | null;
}

export type View = ReturnType<typeof useView>;

/** Which take is looked at, and which one it is compared with; both are also in the address. */
export function useView(session: Session, takes: readonly Take[]) {
  const [shown, set] = useShown();
  const byId = (id: string | null) => takes.find((take) => take.id === id) ?? null;
  const take = byId(shown.take) ?? byId(session.head_take_id) ?? takes.at(-1)!;
  const compared = byId(shown.with);
  const other = compared?.id === take.id ? null : compared;
  return {
    take,
    other,
    open: (id: string) => set({ take: id, with: other && other.id !== id ? other.id : null }),
    openAlone: (id: string) => set({ take: id, with: null }),
    compareWith(id: string) {
      if (id !== take.id) set({ take: take.id, with: id });
    },
    toggleCompare() {
      const next = byId(take.parent_id) ?? takes.find(({ id }) => id !== take.id);
      set({ take: take.id, with: other ? null : (next?.id ?? null) });
    },
  };
}

/** Of this component first, so that the next key finds it; the address follows, and leads when somebody else changes it. */
function useShown() {
  const [search, setSearch] = useSearchParams();
  const { key } = useLocation();
  const foreign = useNavigationType() !== "REPLACE";
  const inAddress: Shown = { take: search.get("take"), with: search.get("with") };
  const [shown, setShown] = useState(inAddress);
  const [seenKey, setSeenKey] = useState(key);
  if (key !== seenKey) {
    setSeenKey(key);
    if (foreign) setShown(inAddress);
  }
  const set = (next: Shown) => {
    setShown(next);
    setSearch(
      { ...(next.take && { take: next.take }), ...(next.with && { with: next.with }) },
      { replace: true, preventScrollReset: true },
    );
  };
  return [shown, set] as const;
}
