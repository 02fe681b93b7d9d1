import { ALLOWED_TAKE_ACTIONS, type Session, type Take } from "@arc-fabric/contract";
import { useCallback, useReducer, useRef, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useModels } from "../api/models.ts";
import { useUpdateSession } from "../api/sessions.ts";
import { useSteps } from "../api/takes.ts";
import { paths } from "../paths.ts";
import { STATUS_TEXT } from "../util/take-text.ts";
import { ComparePanel } from "./compare-panel.tsx";
import { CompareView } from "./compare-view.tsx";
import { useEditorKeys } from "./editor-keys.ts";
import { BRUSH_SIZE, editorReducer, startEditing, type EditorAction } from "./editor-state.ts";
import { EditorStage, type PlayerHandle } from "./editor-stage.tsx";
import { Inspector } from "./inspector.tsx";
import { SessionBar } from "./session-bar.tsx";
import { lineage, takeName } from "./take-tree.ts";
import { Trajectory } from "./trajectory.tsx";

const NO_STEPS: never[] = [];
const NO_MODELS: never[] = [];

/** A session as an editor: the picture, what is selected of it, and below the tree of takes with their steps. */
export function Editor({ session, takes }: { session: Session; takes: readonly Take[] }) {
  const navigate = useNavigate();
  const models = useModels().data ?? NO_MODELS;
  const view = useView(session, takes);
  const { take, other } = view;
  const steps = useSteps(take.id).data ?? NO_STEPS;
  const [raw, rawDispatch] = useReducer(editorReducer, take.id, startEditing);
  const state = raw.takeId === take.id ? raw : startEditing(take.id);
  const dispatch = useCallback(
    (action: EditorAction) => rawDispatch({ ...action, takeId: take.id }),
    [take.id],
  );
  const player = useRef<PlayerHandle | null>(null);
  const history = useHistory(session, takes, take, view.open);
  const mayEdit = ALLOWED_TAKE_ACTIONS[take.status].includes("edit");

  const open = (takeId: string, step: number | null) => {
    if (takeId !== take.id) view.open(takeId);
    rawDispatch({ type: "step", step, takeId });
  };
  const onMade = (made: Take) => {
    history.setHead(made);
    view.open(made.id);
  };
  const onDeleted = () => {
    const next =
      takes.find(({ id }) => id === take.parent_id) ?? takes.find(({ id }) => id !== take.id);
    if (next) view.open(next.id);
    else void navigate(paths.library());
  };
  useEditorKeys((key) => {
    if (key === "undo") return history.undo();
    if (key === "redo") return history.redo();
    if (key === "compare") return view.toggleCompare();
    if (other) return;
    if (key === "play") return player.current?.toggle();
    if (key === "previous") return player.current?.step(-1);
    if (key === "next") return player.current?.step(1);
    if (key === "clear") return dispatch({ type: "clear" });
    if (!mayEdit) return;
    const at = player.current?.frame() ?? 0;
    const last = state.range?.[1] ?? take.parameters.num_frames;
    const first = state.range?.[0] ?? 0;
    if (key === "in") return dispatch({ type: "range", range: [at, Math.max(at + 1, last)] });
    if (key === "out") return dispatch({ type: "range", range: [Math.min(first, at), at + 1] });
    if (key === "smaller" || key === "larger") {
      const size = state.brushSize + (key === "larger" ? 2 : -2);
      const { min, max } = BRUSH_SIZE;
      return dispatch({ type: "brush", size: Math.min(max, Math.max(min, size)) });
    }
    dispatch({ type: "tool", tool: key });
  });

  return (
    <div className="editor">
      <h1 className="sr-only">{session.title}</h1>
      <SessionBar
        session={session}
        history={history}
        comparing={other !== null}
        mayCompare={takes.length > 1}
        onCompare={view.toggleCompare}
      />
      {other ? (
        <>
          <CompareView key={`${take.id} ${other.id}`} a={take} b={other} />
          <ComparePanel a={take} b={other} takes={takes} onChooseB={view.compareWith} />
        </>
      ) : (
        <>
          <EditorStage
            key={take.id}
            take={take}
            steps={steps}
            model={models.find(({ id }) => id === take.model)}
            state={state}
            dispatch={dispatch}
            mayEdit={mayEdit}
            player={player}
          />
          <Inspector
            take={take}
            steps={steps}
            models={models}
            state={state}
            dispatch={dispatch}
            player={player}
            isHead={take.id === session.head_take_id}
            onHead={() => history.setHead(take)}
            onMade={onMade}
            onDeleted={onDeleted}
          />
        </>
      )}
      <Trajectory
        takes={takes}
        selected={take}
        steps={steps}
        step={state.step}
        headId={session.head_take_id}
        comparedId={other?.id ?? null}
        onOpen={open}
        onCompare={view.compareWith}
        onHead={(next) => history.setHead(next)}
      />
      <p role="status" aria-live="polite" className="sr-only">
        {history.said}
      </p>
    </div>
  );
}

/** Which take is looked at, and which one it is compared with; both are in the address. */
function useView(session: Session, takes: readonly Take[]) {
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
    compareWith: (id: string) => id !== take.id && set({ take: take.id, with: id }),
    toggleCompare() {
      if (other) return set({ take: take.id });
      const next = byId(take.parent_id) ?? takes.find(({ id }) => id !== take.id);
      if (next) set({ take: take.id, with: next.id });
    },
  };
}

export type History = ReturnType<typeof useHistory>;

/** Undo and redo: the head moves along the lineage, and what is shown goes with it. */
function useHistory(
  session: Session,
  takes: readonly Take[],
  shown: Take,
  open: (takeId: string) => void,
) {
  const update = useUpdateSession(session.id);
  const visited = useRef(new Map<string, string>());
  const [said, setSaid] = useState("");
  const head = takes.find(({ id }) => id === session.head_take_id) ?? shown;
  const next = lineage(takes, head.id, visited.current);
  const setHead = (take: Take) => {
    if (take.parent_id) visited.current.set(take.parent_id, take.id);
    if (take.id !== session.head_take_id) update.mutate({ head_take_id: take.id });
    setSaid(`Head: ${takeName(take)}, ${STATUS_TEXT[take.status].label.toLowerCase()}.`);
  };
  const go = (take: Take | null, nothing: string) => {
    if (!take) return setSaid(nothing);
    if (head.parent_id) visited.current.set(head.parent_id, head.id);
    setHead(take);
    open(take.id);
  };
  return {
    said,
    setHead,
    canUndo: next.undo !== null,
    canRedo: next.redo !== null,
    undo: () => go(next.undo, "This take was made from a prompt: there is nothing before it."),
    redo: () => go(next.redo, "Nothing was made from this take."),
  };
}
