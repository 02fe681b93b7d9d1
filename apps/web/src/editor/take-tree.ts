import type { Take } from "@arc-fabric/contract";
import { plural } from "../util/format.ts";

/** A take's row in the picture of a session. */
export interface TreeRow {
  readonly take: Take;
  /** 0 for a take that was made from a prompt. */
  readonly depth: number;
  readonly hasChildren: boolean;
  readonly collapsed: boolean;
  /** Place among its siblings, from 1, and how many these are. */
  readonly position: number;
  readonly siblings: number;
  /** Row of the parent; null without one. */
  readonly parentRow: number | null;
  /** Its place in a stream, from 1; only told of blocks that go on from another. */
  readonly block: number;
  /** Column of its first step, so that steps at about the same noise stand below each other. */
  readonly column: number;
}

/** The takes of a session as rows, children below their parent, in the order in which they were made. */
export function treeRows(takes: readonly Take[], collapsed: ReadonlySet<string>): TreeRow[] {
  const known = new Set(takes.map(({ id }) => id));
  const children = new Map<string | null, Take[]>();
  for (const take of takes) {
    const parent = take.parent_id !== null && known.has(take.parent_id) ? take.parent_id : null;
    children.set(parent, [...(children.get(parent) ?? []), take]);
  }
  const rows: TreeRow[] = [];
  const add = (parent: TreeRow | null, parentRow: number | null) => {
    const siblings = children.get(parent?.take.id ?? null) ?? [];
    for (const [i, take] of siblings.entries()) {
      const hasChildren = children.has(take.id);
      const row: TreeRow = {
        take,
        depth: parent ? parent.depth + 1 : 0,
        hasChildren,
        collapsed: hasChildren && collapsed.has(take.id),
        position: i + 1,
        siblings: siblings.length,
        parentRow,
        block: (parent?.block ?? 1) + (take.origin.kind === "continue" ? 1 : 0),
        column: columnOf(take, parent),
      };
      const at = rows.push(row) - 1;
      if (!row.collapsed) add(row, at);
    }
  };
  add(null, null);
  return rows;
}

/** A fork begins where its parent does; an edit makes the last steps of its parent again. */
function columnOf(take: Take, parent: TreeRow | null): number {
  if (!parent) return 0;
  if (take.origin.kind === "fork") return parent.column;
  if (take.origin.kind !== "edit") return 0;
  return Math.max(0, parent.column + parent.take.plan.total_steps - take.plan.total_steps);
}

/** Put together from other takes: it has no steps of its own, and what is to change of it is changed in one of those. */
export const isJoined = ({ origin: { kind } }: Take): boolean =>
  kind === "finalize" || kind === "concatenate";

/** How a take came about, in a few words. @param block its place in a stream, where that is known */
export function originWords(
  { origin, parameters: { fps } }: Take,
  block: number | null = null,
): string {
  switch (origin.kind) {
    case "generate":
      return "from a prompt";
    case "fork":
      if (origin.at_step > 0) return `fork at ${origin.at_step}`;
      return origin.seed === undefined ? "from its start" : "another seed";
    case "edit": {
      const range =
        origin.seconds ?? (origin.frames && [origin.frames[0] / fps, origin.frames[1] / fps]);
      const time = range ? ` ${seconds(range[0])}–${seconds(range[1])} s` : "";
      const area = origin.area ? `${time ? "," : ""} an area` : "";
      return time || area ? `edit${time}${area}` : "edit of everything";
    }
    case "extend":
      return `+${plural(origin.num_frames, "frame")}${origin.direction === "backward" ? " before" : ""}`;
    case "insert":
      return `+${plural(origin.num_frames, "frame")} at ${origin.at_frame + 1}`;
    case "loop":
      return `loop, +${plural(origin.num_frames, "frame")}`;
    case "continue":
      return `${block === null ? "next block" : `block ${block}`}, ${plural(origin.num_frames, "frame")}`;
    case "finalize":
      return "blocks put together";
    case "concatenate":
      return `joined with ${plural(origin.takes.length, "take")}`;
  }
}

const seconds = (value: number) => String(Number(value.toFixed(1)));

/** What a take is called where there is little room. */
export const takeName = (take: Take, block: number | null = null): string =>
  take.title ??
  (take.origin.kind === "generate" ? take.parameters.prompt : originWords(take, block));

/** Where undo and redo lead: the parent, and the child that was looked at last or else the newest. */
export function lineage(takes: readonly Take[], id: string, visited: ReadonlyMap<string, string>) {
  const take = takes.find((candidate) => candidate.id === id);
  const children = takes.filter(({ parent_id }) => parent_id === id);
  return {
    undo: takes.find((candidate) => candidate.id === take?.parent_id) ?? null,
    redo: children.find((child) => child.id === visited.get(id)) ?? children.at(-1) ?? null,
  };
}
