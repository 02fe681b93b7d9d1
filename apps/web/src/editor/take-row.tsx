import type { Take } from "@arc-fabric/contract";
import { client } from "../api/client.ts";
import type { Step } from "../api/take-cache.ts";
import { Icon } from "../ui/icon.tsx";
import { STATUS_TEXT } from "../util/take-text.ts";
import { StepCells } from "./step-cells.tsx";
import { originWords, takeName, type TreeRow } from "./take-tree.ts";
import { ROW_PX } from "./trajectory-sizes.ts";

export interface TakeRowProps {
  row: TreeRow;
  /** Widths in pixels. */
  cell: number;
  header: number;
  selected: boolean;
  head: boolean;
  compared: boolean;
  /** Of the selected take. */
  steps: readonly Step[];
  step: number | null;
  onOpen: (takeId: string, step: number | null) => void;
  onCompare: (takeId: string) => void;
  onFold: (takeId: string, folded: boolean) => void;
}

/** One take: what it is, and its steps in a row. */
export function TakeRow(props: TakeRowProps) {
  const { row, header, selected, onOpen, onCompare } = props;
  const { take } = row;
  return (
    <div
      role="row"
      data-take={take.id}
      aria-level={row.depth + 1}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={row.hasChildren ? !row.collapsed : undefined}
      aria-selected={selected}
      aria-label={rowLabel(props)}
      tabIndex={selected ? 0 : -1}
      className={`group/row flex items-stretch border-b border-line outline-offset-[-2px] ${selected ? "bg-accent-soft" : "hover:bg-hover"}`}
      style={{ height: ROW_PX }}
    >
      <div
        role="gridcell"
        className={`sticky left-0 z-10 flex shrink-0 items-center gap-2 overflow-hidden border-r border-line ${selected ? "bg-accent-soft" : "bg-surface group-hover/row:bg-hover"}`}
        style={{ width: header, paddingLeft: 8 + Math.min(row.depth, 5) * 12 }}
      >
        <Fold {...props} />
        <button
          type="button"
          tabIndex={-1}
          onClick={(event) =>
            event.ctrlKey || event.metaKey || event.shiftKey
              ? onCompare(take.id)
              : onOpen(take.id, null)
          }
          className="flex h-full min-w-0 flex-1 items-center gap-2 pr-2 text-left"
        >
          <Thumb take={take} />
          <Name {...props} />
        </button>
      </div>
      <div
        role="gridcell"
        aria-hidden={!selected || undefined}
        className="relative flex min-w-0 flex-1 items-center"
      >
        <StepCells {...props} />
      </div>
    </div>
  );
}

const rowLabel = ({ row: { take, block }, head, compared }: TakeRowProps) =>
  [
    takeName(take, block),
    take.title !== null && originWords(take, block),
    STATUS_TEXT[take.status].label.toLowerCase(),
    take.tags.length > 0 && `tagged ${take.tags.join(", ")}`,
    head && "head",
    compared && "compared",
  ]
    .filter(Boolean)
    .join(", ");

function Fold({ row, onFold }: TakeRowProps) {
  if (!row.hasChildren) return <span className="w-4 shrink-0" />;
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={row.collapsed ? "Show what was made from it" : "Hide what was made from it"}
      onClick={(event) => {
        event.stopPropagation();
        onFold(row.take.id, !row.collapsed);
      }}
      className="grid size-4 shrink-0 place-items-center rounded text-muted hover:text-text"
    >
      <Icon name="chevron" className={`size-3.5 ${row.collapsed ? "-rotate-90" : ""}`} />
    </button>
  );
}

function Thumb({ take }: { take: Take }) {
  const thumbnail = take.artifacts.find((artifact) => artifact.kind === "thumbnail");
  return (
    <span className="relative size-8.5 shrink-0 overflow-hidden rounded-md bg-sunken max-sm:hidden">
      {thumbnail && (
        <img
          src={client.artifacts.contentUrl(thumbnail.id)}
          alt=""
          loading="lazy"
          className="size-full object-cover"
        />
      )}
    </span>
  );
}

function Name({ row: { take, block }, head, compared }: TakeRowProps) {
  const { tone, active } = STATUS_TEXT[take.status];
  const named = take.title !== null || take.origin.kind === "generate";
  const second = named ? originWords(take, block) : take.parameters.prompt;
  return (
    <span className="min-w-0 flex-1">
      <span className="flex items-center gap-1.5">
        {take.status !== "completed" && (
          <span
            className={`size-1.5 shrink-0 rounded-full ${tone === "danger" ? "bg-danger" : tone === "warning" ? "bg-warning-text" : "bg-accent"} ${active ? "animate-breathe" : ""}`}
          />
        )}
        <span className="truncate text-[0.8125rem] leading-tight font-medium">
          {takeName(take, block)}
        </span>
        {head && (
          <span title="Head: the take you work on" className="shrink-0 text-accent-text">
            <Icon name="flag" className="size-3.5" />
          </span>
        )}
        {compared && (
          <span className="shrink-0 rounded bg-text px-1 text-[0.625rem] leading-4 font-semibold text-canvas">
            B
          </span>
        )}
      </span>
      <span className="flex items-center gap-1 overflow-hidden text-[0.6875rem] leading-tight text-muted">
        {take.tags.slice(0, 2).map((tag) => (
          <span key={tag} className="shrink-0 rounded bg-sunken px-1 text-text">
            {tag}
          </span>
        ))}
        <span className="truncate">{second}</span>
      </span>
    </span>
  );
}
