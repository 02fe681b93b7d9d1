import type { Take } from "@arc-fabric/contract";
import {
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type RefObject,
} from "react";
import type { Step } from "../api/take-cache.ts";
import { useWidth } from "../hooks/use-width.ts";
import { treeRows, type TreeRow } from "./take-tree.ts";
import { TakeRow } from "./take-row.tsx";
import { ROW_PX } from "./trajectory-sizes.ts";

/** Room of a step's picture, in pixels. */
const CELL = { min: 22, max: 54 };
const HEADER_PX = { wide: 248, narrow: 148 };
const NARROW_PX = 640;
/** Height of the numbers that stay above the rows. */
const NUMBERS_PX = 24;

interface TrajectoryProps {
  takes: readonly Take[];
  selected: Take;
  /** The selected take's stored steps. */
  steps: readonly Step[];
  step: number | null;
  headId: string | null;
  comparedId: string | null;
  onOpen: (takeId: string, step: number | null) => void;
  onCompare: (takeId: string) => void;
  onHead: (take: Take) => void;
}

/** The session: its takes as a tree, and beside each the steps it went through. Steps of about the same noise stand below each other. */
export function Trajectory(props: TrajectoryProps) {
  const { takes, selected, onOpen, onHead } = props;
  const { collapsed, fold } = useFolds();
  const rows = useMemo(() => treeRows(takes, collapsed), [takes, collapsed]);
  const columns = Math.max(
    1,
    ...rows.map(({ take, column }) => column + take.plan.total_steps + 1),
  );
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const header = width < NARROW_PX ? HEADER_PX.narrow : HEADER_PX.wide;
  const cell = Math.min(CELL.max, Math.max(CELL.min, Math.floor((width - header - 16) / columns)));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.target as HTMLElement).role !== "row") return;
    const at = rows.findIndex(({ take }) => take.id === selected.id);
    const row = rows[at];
    if (!row) return;
    if (event.key === "Enter") onHead(row.take);
    else {
      const to = rowKey(event.key, rows, at, fold);
      if (to === undefined) return;
      if (to) onOpen(to.take.id, null);
    }
    event.preventDefault();
    event.stopPropagation();
  };
  useFocusFollows(box, selected.id);

  return (
    <section
      aria-label="Trajectory"
      ref={box}
      className="min-h-0 overflow-auto overscroll-contain bg-surface"
    >
      <div style={{ width: Math.max(width, header + columns * cell + 12) }}>
        <ColumnNumbers columns={columns - 1} cell={cell} header={header} />
        <div
          role="treegrid"
          aria-label="Takes of this session"
          // The chosen row has the focus; this only hears the keys.
          tabIndex={-1}
          onKeyDown={onKeyDown}
          className="relative"
        >
          <Branches rows={rows} cell={cell} header={header} />
          {rows.map((row) => (
            <TakeRow
              key={row.take.id}
              row={row}
              cell={cell}
              header={header}
              selected={row.take.id === selected.id}
              head={row.take.id === props.headId}
              compared={row.take.id === props.comparedId}
              steps={props.steps}
              step={props.step}
              onOpen={onOpen}
              onCompare={props.onCompare}
              onFold={fold}
            />
          ))}
        </div>
      </div>
    </section>
  );
}

/** Takes whose children are hidden. */
function useFolds() {
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const fold = (id: string, folded: boolean) =>
    setCollapsed((before) => {
      const next = new Set(before);
      if (folded) next.add(id);
      else next.delete(id);
      return next;
    });
  return { collapsed, fold };
}

/** @returns the row a key leads to; null when it only folds; undefined when it means nothing here */
function rowKey(
  key: string,
  rows: readonly TreeRow[],
  at: number,
  fold: (id: string, folded: boolean) => void,
): TreeRow | null | undefined {
  const row = rows[at]!;
  const { take, hasChildren, collapsed, parentRow } = row;
  switch (key) {
    case "ArrowDown":
      return rows[at + 1] ?? null;
    case "ArrowUp":
      return rows[at - 1] ?? null;
    case "Home":
      return rows[0];
    case "End":
      return rows.at(-1);
    case "ArrowRight":
      if (hasChildren && collapsed) fold(take.id, false);
      return hasChildren && !collapsed ? (rows[at + 1] ?? null) : null;
    case "ArrowLeft":
      if (hasChildren && !collapsed) {
        fold(take.id, true);
        return null;
      }
      return parentRow === null ? null : rows[parentRow];
    default:
      return undefined;
  }
}

/**
 * The focused row is the selected one, also after the selection was moved by something else. Where the rows have no scroll bar of
 * their own the page stays as it is: the picture above them is what is looked at.
 */
function useFocusFollows(box: RefObject<HTMLElement | null>, selectedId: string): void {
  useLayoutEffect(() => {
    const element = box.current;
    const row = element?.querySelector<HTMLElement>(`[data-take="${selectedId}"]`);
    if (!element || !row) return;
    if (element.contains(document.activeElement) && document.activeElement?.role === "row") {
      row.focus({ preventScroll: true });
      // Not returned: newer browsers answer with a promise, which is no way to clean up.
      row.scrollIntoView({ block: "nearest" });
      return;
    }
    const [inner, outer] = [row.getBoundingClientRect(), element.getBoundingClientRect()];
    const above = outer.top + NUMBERS_PX - inner.top;
    if (above > 0) element.scrollBy(0, -above);
    else if (inner.bottom > outer.bottom) element.scrollBy(0, inner.bottom - outer.bottom);
  }, [box, selectedId]);
}

function ColumnNumbers(props: { columns: number; cell: number; header: number }) {
  const { columns, cell, header } = props;
  const every = Math.ceil(30 / cell) * (columns > 60 ? 5 : 1);
  return (
    <div
      aria-hidden="true"
      className="sticky top-0 z-20 flex h-6 items-center border-b border-line bg-surface text-[0.6875rem] text-muted tabular"
    >
      <span
        className="sticky left-0 z-10 shrink-0 bg-surface pl-4 font-medium"
        style={{ width: header }}
      >
        Takes
      </span>
      {Array.from({ length: columns }, (_, i) => (
        <span key={i} className="shrink-0 text-center" style={{ width: cell }}>
          {i % every === 0 || i === columns - 1 ? i + 1 : ""}
        </span>
      ))}
    </div>
  );
}

/** From the step at which a take leaves its parent, down to where its own steps begin. */
function Branches(props: { rows: readonly TreeRow[]; cell: number; header: number }) {
  const { rows, cell, header } = props;
  return (
    <svg
      aria-hidden="true"
      className="pointer-events-none absolute top-0 left-0 z-[5]"
      width="100%"
      height={rows.length * ROW_PX}
    >
      {rows.map(({ take, parentRow, column }, i) => {
        if (parentRow === null || column + take.steps_reused === 0) return null;
        const x = header + (column + take.steps_reused) * cell;
        const from = (parentRow + 1) * ROW_PX - 4;
        const to = (i + 0.5) * ROW_PX;
        return (
          <path
            key={take.id}
            d={`M${x} ${from}V${to - 8}q0 8 5 8`}
            fill="none"
            stroke="var(--color-accent)"
            strokeWidth="1.5"
            opacity="0.75"
          />
        );
      })}
    </svg>
  );
}
