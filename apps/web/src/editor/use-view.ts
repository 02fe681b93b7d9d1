import type { Session, Stream, Take } from "@arc-fabric/contract";
import { useState } from "react";
import { useLocation, useNavigationType, useSearchParams } from "react-router";

interface Shown {
  readonly take: string | null;
  /** The take it is compared with. */
  readonly with: string | null;
  /** The session's stream as a whole is looked at. */
  readonly stream: boolean;
}

export type View = ReturnType<typeof useView>;

/**
 * Which take is looked at, and which one it is compared with, or that it is the stream as a whole; also in the address. A session
 * whose stream can go on begins with that.
 */
export function useView(session: Session, takes: readonly Take[], stream: Stream | null) {
  const [shown, set] = useShown();
  const byId = (id: string | null) => takes.find((take) => take.id === id) ?? null;
  const watching =
    stream !== null && (shown.stream || (shown.take === null && stream.status !== "ended"));
  const newest = watching ? (stream.head_take_id ?? stream.next_take_id) : session.head_take_id;
  const take = byId(shown.take) ?? byId(newest) ?? takes.at(-1)!;
  const compared = byId(shown.with);
  const other = compared?.id === take.id ? null : compared;
  return {
    take,
    other,
    watching,
    watch: () => set({ take: null, with: null, stream: true }),
    open: (id: string) =>
      set({ take: id, with: other && other.id !== id ? other.id : null, stream: false }),
    openAlone: (id: string) => set({ take: id, with: null, stream: false }),
    compareWith(id: string) {
      if (id !== take.id) set({ take: take.id, with: id, stream: false });
    },
    toggleCompare() {
      const next = byId(take.parent_id) ?? takes.find(({ id }) => id !== take.id);
      set({ take: take.id, with: other ? null : (next?.id ?? null), stream: false });
    },
  };
}

/** Of this component first, so that the next key finds it; the address follows, and leads when somebody else changes it. */
function useShown() {
  const [search, setSearch] = useSearchParams();
  const { key } = useLocation();
  const foreign = useNavigationType() !== "REPLACE";
  const inAddress: Shown = {
    take: search.get("take"),
    with: search.get("with"),
    stream: search.has("stream"),
  };
  const [shown, setShown] = useState(inAddress);
  const [seenKey, setSeenKey] = useState(key);
  if (key !== seenKey) {
    setSeenKey(key);
    if (foreign) setShown(inAddress);
  }
  const set = (next: Shown) => {
    setShown(next);
    setSearch(
      {
        ...(next.take && { take: next.take }),
        ...(next.with && { with: next.with }),
        ...(next.stream && { stream: "all" }),
      },
      { replace: true, preventScrollReset: true },
    );
  };
  return [shown, set] as const;
}
