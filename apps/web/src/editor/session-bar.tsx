import type { Session } from "@arc-fabric/contract";
import { Link } from "react-router";
import { client } from "../api/client.ts";
import { describeError } from "../api/describe-error.ts";
import { useUpdateSession } from "../api/sessions.ts";
import { paths } from "../paths.ts";
import { buttonClass, IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { toast } from "../ui/toaster.tsx";
import type { History } from "./use-history.ts";
import { InlineText } from "./inline-text.tsx";

interface SessionBarProps {
  session: Session;
  history: History;
  comparing: boolean;
  mayCompare: boolean;
  onCompare: () => void;
}

/** What concerns the session: its name, undo and redo, compare, another take, the bundle. */
export function SessionBar(props: SessionBarProps) {
  const { session, history, comparing, mayCompare, onCompare } = props;
  const update = useUpdateSession(session.id);
  const rename = (title: string) =>
    title &&
    update.mutate(
      { title },
      {
        onError: (error) =>
          toast("Not renamed", { tone: "danger", description: describeError(error).message }),
      },
    );
  return (
    <div className="flex min-h-12 items-center gap-1 border-b border-line bg-surface px-3 sm:px-4">
      <div className="min-w-0 flex-1 text-sm font-semibold [&_.line-clamp-2]:line-clamp-1">
        <InlineText
          label="Name of the session"
          value={session.title}
          placeholder="Without a name"
          onSave={rename}
        />
      </div>
      <IconButton
        icon="undo"
        label="Back to the take before (Ctrl+Z)"
        aria-keyshortcuts="Control+Z Meta+Z"
        disabled={!history.canUndo}
        onClick={history.undo}
      />
      <IconButton
        icon="redo"
        label="Forward to the take after (Ctrl+Shift+Z)"
        aria-keyshortcuts="Control+Shift+Z Meta+Shift+Z"
        disabled={!history.canRedo}
        onClick={history.redo}
      />
      <span className="mx-1 h-5 w-px bg-line" />
      <IconButton
        icon="compare"
        label="Compare (C)"
        pressed={comparing}
        disabled={!mayCompare}
        onClick={onCompare}
      />
      <a
        href={client.url("exportSession", { params: { session_id: session.id } })}
        download={`${session.id}.arc.tar`}
        aria-label="Export the session"
        title="Export the session as one file"
        className="inline-grid size-9 place-items-center rounded-control text-muted hover:bg-hover hover:text-text max-sm:hidden"
      >
        <Icon name="upload" />
      </a>
      <Link
        to={paths.createIn(session.id)}
        className={`${buttonClass("secondary", "small")} max-sm:hidden`}
      >
        <Icon name="plus" className="size-4" />
        New take
      </Link>
    </div>
  );
}
