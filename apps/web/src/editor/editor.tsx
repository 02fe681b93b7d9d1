import { ALLOWED_TAKE_ACTIONS, type Session, type Stream, type Take } from "@arc-fabric/contract";
import { useCallback, useReducer, useRef } from "react";
import { useNavigate } from "react-router";
import { useModels } from "../api/models.ts";
import { useSteps } from "../api/takes.ts";
import { paths } from "../paths.ts";
import { placeOf } from "../stream/blocks.ts";
import { StreamBar } from "../stream/stream-bar.tsx";
import { StreamPanel } from "../stream/stream-panel.tsx";
import { StreamStage } from "../stream/stream-stage.tsx";
import { StreamStrip } from "../stream/stream-strip.tsx";
import { useStreamView, type StreamView } from "../stream/use-stream-view.ts";
import { ComparePanel } from "./compare-panel.tsx";
import { CompareView } from "./compare-view.tsx";
import { actionOf, useEditorKeys } from "./editor-keys.ts";
import { editorReducer, startEditing, type EditorAction } from "./editor-state.ts";
import { EditorStage, type PlayerHandle } from "./editor-stage.tsx";
import { Inspector } from "./inspector.tsx";
import { SessionBar } from "./session-bar.tsx";
import { isJoined } from "./take-tree.ts";
import { Trajectory } from "./trajectory.tsx";
import { useHistory, type History } from "./use-history.ts";
import { useView, type View } from "./use-view.ts";

const NO_STEPS: never[] = [];
const NO_MODELS: never[] = [];

interface EditorProps {
  session: Session;
  takes: readonly Take[];
  stream: Stream | null;
}

/** A session as an editor: the picture, what is selected of it, and below the tree of takes with their steps. */
export function Editor({ session, takes, stream }: EditorProps) {
  const navigate = useNavigate();
  const view = useView(session, takes, stream);
  const { take, other } = view;
  const { openStep, ...shared } = useSelection(take);
  const history = useHistory(session, takes, take, view.open);
  const streamed = useStreamView({ stream, takes, view, player: shared.player });
  const watching = streamed?.watching ?? false;
  const mayEdit =
    !watching && !isJoined(take) && ALLOWED_TAKE_ACTIONS[take.status].includes("edit");
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
    <div className="editor" data-stream={streamed ? "" : undefined}>
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
      ) : streamed?.watching ? (
        <WatchedStream streamed={streamed} shared={shared} onOpen={view.openAlone} />
      ) : (
        <SelectedTake
          shared={shared}
          stream={stream}
          takes={takes}
          history={history}
          mayEdit={mayEdit}
          onMade={onMade}
          onDeleted={onDeleted}
        />
      )}
      {streamed && <Strip streamed={streamed} onOpen={view.openAlone} onMade={onMade} />}
      <Trajectory
        takes={takes}
        selected={take}
        steps={shared.steps}
        step={shared.state.step}
        headId={history.headId}
        comparedId={other?.id ?? null}
        onOpen={(takeId, step) => {
          if (watching || takeId !== take.id) view.open(takeId);
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

interface EditorPartProps {
  shared: Omit<ReturnType<typeof useSelection>, "openStep">;
}

interface SelectedTakeProps extends EditorPartProps {
  stream: Stream | null;
  takes: readonly Take[];
  history: History;
  mayEdit: boolean;
  onMade: (take: Take) => void;
  onDeleted: () => void;
}

/** A take with all that can be pointed at in it, and what can be done with what was. */
function SelectedTake(props: SelectedTakeProps) {
  const { shared, stream, takes, history, mayEdit, onMade, onDeleted } = props;
  const { take } = shared;
  return (
    <>
      <EditorStage key={take.id} {...shared} mayEdit={mayEdit} />
      <Inspector
        {...shared}
        inStream={stream !== null && stream.status !== "ended"}
        block={placeOf(take, takes)}
        isHead={take.id === history.headId}
        onHead={() => history.setHead(take)}
        onMade={onMade}
        onDeleted={onDeleted}
      />
    </>
  );
}

interface WatchedStreamProps extends EditorPartProps {
  streamed: StreamView;
  onOpen: (takeId: string) => void;
}

/** The stream as one clip, and what its blocks to come are made with. */
function WatchedStream({ streamed, shared, onOpen }: WatchedStreamProps) {
  const { stream, blocks, position, draft, setDraft, fps, clip, focusPrompt } = streamed;
  return (
    <>
      <StreamStage stream={stream} blocks={blocks} position={position} player={shared.player} />
      <StreamPanel
        stream={stream}
        model={shared.models.find(({ id }) => id === stream.model)}
        fps={fps}
        draft={draft}
        onDraft={setDraft}
        clip={clip}
        onOpen={onOpen}
        focusPrompt={focusPrompt}
      />
    </>
  );
}

interface StripProps {
  streamed: StreamView;
  onOpen: (takeId: string) => void;
  onMade: (take: Take) => void;
}

function Strip({ streamed, onOpen, onMade }: StripProps) {
  const { stream, blocks, watching, selectedId, position, back, watch, askPrompt } = streamed;
  return (
    <StreamStrip
      stream={stream}
      blocks={blocks}
      selectedId={selectedId}
      position={position}
      onWatch={watch}
      onOpen={onOpen}
      onPrompt={askPrompt}
    >
      <StreamBar
        stream={stream}
        blocks={blocks}
        watching={watching}
        back={back}
        onWatch={() => watch(null)}
        onMade={onMade}
      />
    </StreamStrip>
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
