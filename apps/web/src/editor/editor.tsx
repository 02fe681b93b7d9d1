import { ALLOWED_TAKE_ACTIONS, type Session, type Take } from "@arc-fabric/contract";
import { useCallback, useReducer, useRef } from "react";
import { useNavigate } from "react-router";
import { useModels } from "../api/models.ts";
import { useSteps } from "../api/takes.ts";
import { paths } from "../paths.ts";
import { ComparePanel } from "./compare-panel.tsx";
import { CompareView } from "./compare-view.tsx";
import { actionOf, useEditorKeys } from "./editor-keys.ts";
import { editorReducer, startEditing, type EditorAction } from "./editor-state.ts";
import { EditorStage, type PlayerHandle } from "./editor-stage.tsx";
import { Inspector } from "./inspector.tsx";
import { SessionBar } from "./session-bar.tsx";
import { Trajectory } from "./trajectory.tsx";
import { useHistory, type History } from "./use-history.ts";
import { useView, type View } from "./use-view.ts";

const NO_STEPS: never[] = [];
const NO_MODELS: never[] = [];

/** A session as an editor: the picture, what is selected of it, and below the tree of takes with their steps. */
export function Editor({ session, takes }: { session: Session; takes: readonly Take[] }) {
  const navigate = useNavigate();
  const view = useView(session, takes);
  const { take, other } = view;
  const { openStep, ...shared } = useSelection(take);
  const history = useHistory(session, takes, take, view.open);
  const mayEdit = ALLOWED_TAKE_ACTIONS[take.status].includes("edit");
  useKeys(shared, { view, history, mayEdit });

  const onMade = (made: Take) => {
    history.setHead(made);
    view.openAlone(made.id);
  };
  const onDeleted = () => {
    const next =
      takes.find(({ id }) => id === take.parent_id) ?? takes.find(({ id }) => id !== take.id);
    if (next) view.open(next.id);
    else void navigate(paths.library());
  };

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
          <ComparePanel a={take} b={other} takes={takes} view={view} onMade={onMade} />
        </>
      ) : (
        <>
          <EditorStage key={take.id} {...shared} mayEdit={mayEdit} />
          <Inspector
            {...shared}
            isHead={take.id === history.headId}
            onHead={() => history.setHead(take)}
            onMade={onMade}
            onDeleted={onDeleted}
          />
        </>
      )}
      <Trajectory
        takes={takes}
        selected={take}
        steps={shared.steps}
        step={shared.state.step}
        headId={history.headId}
        comparedId={other?.id ?? null}
        onOpen={(takeId, step) => {
          if (takeId !== take.id) view.open(takeId);
          openStep(takeId, step);
        }}
        onCompare={view.compareWith}
        onHead={history.setHead}
      />
      <p role="status" aria-live="polite" className="sr-only">
        {history.said}
      </p>
    </div>
  );
}

/** What is known of a take, and what is selected of it. */
function useSelection(take: Take) {
  const models = useModels().data ?? NO_MODELS;
  const steps = useSteps(take.id).data ?? NO_STEPS;
  const [raw, rawDispatch] = useReducer(editorReducer, take.id, startEditing);
  const dispatch = useCallback(
    (action: EditorAction) => rawDispatch({ ...action, takeId: take.id }),
    [take.id],
  );
  const player = useRef<PlayerHandle | null>(null);
  return {
    take,
    steps,
    models,
    state: raw.takeId === take.id ? raw : startEditing(take.id),
    dispatch,
    player,
    /** Also of a take that is only about to be opened. */
    openStep: (takeId: string, step: number | null) => rawDispatch({ type: "step", step, takeId }),
  };
}

interface KeyTargets {
  view: View;
  history: History;
  mayEdit: boolean;
}

function useKeys(
  { take, state, dispatch, player }: Omit<ReturnType<typeof useSelection>, "openStep">,
  { view, history, mayEdit }: KeyTargets,
): void {
  useEditorKeys((key) => {
    if (key === "undo") return history.undo();
    if (key === "redo") return history.redo();
    if (key === "compare") return view.toggleCompare();
    if (view.other) return;
    if (key === "play") return player.current?.toggle();
    if (key === "previous") return player.current?.step(-1);
    if (key === "next") return player.current?.step(1);
    const at = player.current?.frame() ?? 0;
    if (mayEdit || key === "clear")
      dispatch(actionOf(key, state, { at, numFrames: take.parameters.num_frames }));
  });
}
