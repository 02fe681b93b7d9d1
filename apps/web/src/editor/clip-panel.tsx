import { ALLOWED_TAKE_ACTIONS, type DeriveRequestInput, type Take } from "@arc-fabric/contract";
import { describeError } from "../api/describe-error.ts";
import { useDerive } from "../api/trajectory.ts";
import { Button } from "../ui/button.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { toast } from "../ui/toaster.tsx";
import type { EditorAction } from "./editor-state.ts";
import { FIRST_GROWTH } from "./grow-handle.tsx";

interface ClipPanelProps {
  take: Take;
  inStream: boolean;
  dispatch: (action: EditorAction) => void;
  onMade: (take: Take) => void;
}

const SEEDS = 1_000_000;

/** What can be done with a take as a whole; the rest begins with pointing at something. */
export function ClipActions({ take, inStream, dispatch, onMade }: ClipPanelProps) {
  const derive = useDerive();
  const allowed = ALLOWED_TAKE_ACTIONS[take.status];
  const grows = allowed.includes("extend");
  /** A block shows only its own frames: it can be gone on from, not be made longer itself. */
  const isBlock = take.origin.kind === "continue";
  const grow = (kind: "forward" | "loop" | "continue") =>
    dispatch({ type: "growth", growth: { kind, frames: FIRST_GROWTH } });
  const make = (request: DeriveRequestInput) =>
    derive.mutate(
      { takeId: take.id, request },
      {
        onSuccess: onMade,
        onError: (error) =>
          toast("Not made", { tone: "danger", description: describeError(error).message }),
      },
    );
  return (
    <div className="grid grid-cols-2 gap-2">
      <Action
        icon="dice"
        label="Another seed"
        onClick={() => make({ kind: "fork", at_step: 0, seed: Math.floor(Math.random() * SEEDS) })}
      />
      {grows && !isBlock && (
        <>
          <Action icon="grow" label="Make it longer" onClick={() => grow("forward")} />
          <Action icon="loop" label="Close a loop" onClick={() => grow("loop")} />
        </>
      )}
      {allowed.includes("edit") && (
        <Action
          icon="rectangle"
          label="Mark an area"
          onClick={() => dispatch({ type: "tool", tool: "rectangle" })}
        />
      )}
      {grows && isBlock && !inStream && (
        <>
          <Action icon="grow" label="Next block" onClick={() => grow("continue")} />
          <Action
            icon="film"
            label="Put blocks together"
            onClick={() => make({ kind: "finalize" })}
          />
        </>
      )}
    </div>
  );
}

function Action({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="flex h-10 items-center gap-2 rounded-control border border-line bg-raised px-3 text-left text-[0.8125rem] font-medium transition-colors hover:border-line-strong hover:bg-hover"
    >
      <Icon name={icon} className="size-4 text-accent-text" />
      <span className="truncate">{label}</span>
    </button>
  );
}

/** For takes whose clip is not there: only their steps can be gone on from. */
export function UnfinishedHint({ take, onChoose }: { take: Take; onChoose: (() => void) | null }) {
  const text =
    take.status === "failed" || take.status === "cancelled"
      ? "It has no clip, but any of its stored steps can be forked."
      : "Ranges, areas and the ends can be worked on when it is completed. Its steps can be forked already now.";
  return (
    <div className="flex flex-col items-start gap-2">
      <p className="text-[0.8125rem] text-muted">{text}</p>
      {onChoose && (
        <Button size="small" icon="branch" onClick={onChoose}>
          Go to its last step
        </Button>
      )}
    </div>
  );
}

/** For clips of other takes: there is nothing of their own to change. */
export function JoinedHint({ take }: { take: Take }) {
  return (
    <p className="text-[0.8125rem] text-muted">
      {take.origin.kind === "finalize"
        ? "The stream as one clip: it can be compared and downloaded. To change something, open the block that shows it."
        : "Put together from other takes: it can be compared and downloaded. To change something, change one of those and put them together again."}
    </p>
  );
}
