import type { Session, Take } from "@arc-fabric/contract";
import { useState } from "react";
import { useUpdateSession } from "../api/sessions.ts";
import { STATUS_TEXT } from "../util/take-text.ts";
import { lineage, takeName } from "./take-tree.ts";

export type History = ReturnType<typeof useHistory>;

/** Undo and redo: the head moves along the lineage, and what is shown goes with it. */
export function useHistory(
  session: Session,
  takes: readonly Take[],
  shown: Take,
  open: (takeId: string) => void,
) {
  const update = useUpdateSession(session.id);
  /** Of each take, the child that was worked on last. */
  const [visited, setVisited] = useState<ReadonlyMap<string, string>>(new Map());
  const [said, setSaid] = useState("");
  const [headId, setHeadId] = useHead(session.head_take_id);
  const head = takes.find(({ id }) => id === headId) ?? shown;
  const next = lineage(takes, head.id, visited);
  const visit = ({ id, parent_id: parent }: Take) =>
    parent && setVisited((before) => new Map(before).set(parent, id));
  const setHead = (take: Take) => {
    visit(take);
    setHeadId(take.id);
    if (take.id !== session.head_take_id) update.mutate({ head_take_id: take.id });
    setSaid(`Head: ${takeName(take)}, ${STATUS_TEXT[take.status].label.toLowerCase()}.`);
  };
  const go = (take: Take | null, nothing: string) => {
    if (!take) return setSaid(nothing);
    visit(head);
    setHead(take);
    open(take.id);
  };
  return {
    said,
    headId,
    setHead,
    canUndo: next.undo !== null,
    canRedo: next.redo !== null,
    undo: () => go(next.undo, "This take was made from a prompt: there is nothing before it."),
    redo: () => go(next.redo, "Nothing was made from this take."),
  };
}

/** Moves at once, so that the next key begins where this one led; the server's word counts when it changes. */
function useHead(told: string | null) {
  const [headId, setHeadId] = useState(told);
  const [lastTold, setLastTold] = useState(told);
  if (told !== lastTold) {
    setLastTold(told);
    setHeadId(told);
  }
  return [headId, setHeadId] as const;
}
