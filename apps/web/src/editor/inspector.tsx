import { ALLOWED_TAKE_ACTIONS, type Model, type Take } from "@arc-fabric/contract";
import { Tabs } from "@base-ui/react/tabs";
import { useState, type RefObject } from "react";
import type { Step } from "../api/take-cache.ts";
import { TakeError } from "../components/take-error.tsx";
import { TakeFacts } from "../components/take-details.tsx";
import { LogView } from "../components/log-view.tsx";
import { PlanView } from "../components/plan-view.tsx";
import { TakeWarnings } from "../components/take-warnings.tsx";
import type { Changes } from "./change-fields.tsx";
import { ClipActions, JoinedHint, UnfinishedHint } from "./clip-panel.tsx";
import type { EditorAction, EditorState } from "./editor-state.ts";
import type { PlayerHandle } from "./editor-stage.tsx";
import { GrowthPanel } from "./growth-panel.tsx";
import { PartPanel } from "./part-panel.tsx";
import { StepPanel } from "./step-panel.tsx";
import { TakeHeader } from "./take-header.tsx";
import { isJoined } from "./take-tree.ts";

interface InspectorProps {
  take: Take;
  steps: readonly Step[];
  models: readonly Model[];
  state: EditorState;
  dispatch: (action: EditorAction) => void;
  player: RefObject<PlayerHandle | null>;
  /** The session's stream is not at its end: it makes the blocks. */
  inStream: boolean;
  /** The take's place in a stream; null where it has none. */
  block: number | null;
  isHead: boolean;
  onHead: () => void;
  onMade: (take: Take) => void;
  onDeleted: () => void;
}

const TABS = ["Change", "Details", "Plan", "Log"] as const;

/** What is selected, and what can be done with it. */
export function Inspector(props: InspectorProps) {
  const { take, models } = props;
  const model = models.find(({ id }) => id === take.model);
  return (
    <aside
      aria-label="Selection"
      className="flex min-h-0 min-w-0 flex-col overflow-y-auto border-line bg-surface lg:border-l"
    >
      <TakeHeader
        key={take.id}
        take={take}
        block={props.block}
        isHead={props.isHead}
        onHead={props.onHead}
        onDeleted={props.onDeleted}
      />
      <Tabs.Root defaultValue="Change" className="flex flex-1 flex-col">
        <Tabs.List
          aria-label="About the selection"
          className="sticky top-0 z-10 flex gap-5 border-b border-line bg-surface px-4"
        >
          {TABS.map((name) => (
            <Tabs.Tab
              key={name}
              value={name}
              className="-mb-px border-b-2 border-transparent py-2.5 text-sm font-medium text-muted hover:text-text data-active:border-accent data-active:text-text"
            >
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="Change" className="flex flex-col gap-4 p-4">
          <TakeError take={take} onCreated={props.onMade} />
          <TakeWarnings take={take} model={model} />
          <ChangePanel key={take.id} {...props} model={model} />
        </Tabs.Panel>
        <Tabs.Panel value="Details" className="p-4">
          <TakeFacts take={take} />
        </Tabs.Panel>
        <Tabs.Panel value="Plan" className="p-4">
          <PlanView plan={take.plan} />
        </Tabs.Panel>
        <Tabs.Panel value="Log" className="p-4">
          <LogView take={take} />
        </Tabs.Panel>
      </Tabs.Root>
    </aside>
  );
}

/** The form that fits what is selected. What is typed stays while the selection moves within a take. */
function ChangePanel(props: InspectorProps & { model: Model | undefined }) {
  const { take, steps, models, model, state, dispatch, player, onMade } = props;
  const [changes, setChanges] = useState<Changes>({});
  const fields = {
    take,
    changes,
    onChange: (next: Changes) => setChanges((before) => ({ ...before, ...next })),
  };
  const step = steps.find((stored) => stored.step === state.step);
  if (step && state.focus === "step")
    return <StepPanel {...fields} step={step} models={models} onMade={onMade} />;
  if (isJoined(take)) return <JoinedHint take={take} />;
  const allowed = ALLOWED_TAKE_ACTIONS[take.status];
  if (!allowed.includes("edit")) {
    const last = steps.at(-1);
    return (
      <>
        <UnfinishedHint
          take={take}
          onChoose={last ? () => dispatch({ type: "step", step: last.step }) : null}
        />
        <ClipActions take={take} inStream={props.inStream} dispatch={dispatch} onMade={onMade} />
      </>
    );
  }
  if (state.focus === "growth" && state.growth)
    return (
      <GrowthPanel
        {...fields}
        growth={state.growth}
        model={model}
        frame={() => player.current?.frame() ?? 0}
        onGrowth={(growth) => dispatch({ type: "growth", growth })}
        onMade={onMade}
      />
    );
  return (
    <>
      {state.focus === "clip" && (
        <>
          <ClipActions take={take} inStream={props.inStream} dispatch={dispatch} onMade={onMade} />
          <p className="-mb-1 border-t border-line pt-4 text-[0.8125rem] text-muted">
            Drag over the frames to change a part of the time, mark an area of the picture, or go to
            a step below to fork there. Without a selection all of it is made anew:
          </p>
        </>
      )}
      <PartPanel {...fields} state={state} dispatch={dispatch} model={model} onMade={onMade} />
    </>
  );
}
