import type { Take } from "@arc-fabric/contract";
import { describe, expect, test } from "vitest";
import { listTakes } from "../../mock/list-takes.ts";
import { seedSession } from "../../mock/seed.ts";
import { World } from "../../mock/world.ts";
import { lineage, originWords, takeName, treeRows } from "./take-tree.ts";

const world = new World({ stepMs: 1e6, phaseMs: 1e6 });
const made = seedSession(world);
const takes = listTakes(world, { session_id: made.session, limit: 50, order: "asc" }).items;
const none = new Set<string>();

describe("tree of takes: lineage and steps in one picture", () => {
  test("children stand below their parent in the order they were made", () => {
    const rows = treeRows(takes, none);
    expect(rows.map(({ take, depth }) => [take.id, depth])).toEqual([
      [made.first.id, 0],
      [made.fork.id, 1],
      [made.edit.id, 2],
      [made.longer.id, 3],
      [made.restyled.id, 2],
      [made.other.id, 1],
    ]);
    expect(rows.map(({ parentRow }) => parentRow)).toEqual([null, 0, 1, 2, 1, 0]);
    expect(rows[4]).toMatchObject({ position: 2, siblings: 2 });
  });
  test("steps of about the same noise stand below each other", () => {
    const columns = new Map(treeRows(takes, none).map(({ take, column }) => [take.id, column]));
    expect(columns.get(made.fork.id)).toBe(0);
    // The edit makes the last 12 of 20 steps again, the other one the last 8.
    expect(columns.get(made.edit.id)).toBe(8);
    expect(columns.get(made.restyled.id)).toBe(12);
  });
  test("a folded take hides all that was made from it", () => {
    const rows = treeRows(takes, new Set([made.fork.id]));
    expect(rows.map(({ take }) => take.id)).toEqual([made.first.id, made.fork.id, made.other.id]);
    expect(rows[1]).toMatchObject({ collapsed: true, hasChildren: true });
  });
  test("a take whose parent is not there is a root", () => {
    const orphans = takes.filter(({ id }) => id !== made.first.id);
    expect(treeRows(orphans, none).filter(({ depth }) => depth === 0)).toHaveLength(2);
  });
  test("how a take came about is told in words", () => {
    const words = (id: string) => originWords(takes.find((take) => take.id === id)!);
    expect(words(made.first.id)).toBe("from a prompt");
    expect(words(made.fork.id)).toBe("fork at 8");
    expect(words(made.other.id)).toBe("another seed");
    expect(words(made.edit.id)).toBe("edit 0.5–1.5 s, an area");
    expect(words(made.restyled.id)).toBe("edit of everything");
    expect(words(made.longer.id)).toBe("+8 frames");
    const backward = {
      ...made.longer,
      origin: { kind: "extend", direction: "backward", num_frames: 4 },
    } as Take;
    expect(originWords(backward)).toBe("+4 frames before");
  });
  test("a title is stronger than the words", () =>
    expect(takeName(takes.find(({ id }) => id === made.longer.id)!)).toBe("the long one"));
});

describe("undo and redo: along the lineage", () => {
  test("undo leads to the parent, redo to the child looked at last, else to the newest", () => {
    expect(lineage(takes, made.edit.id, new Map()).undo?.id).toBe(made.fork.id);
    expect(lineage(takes, made.fork.id, new Map()).redo?.id).toBe(made.restyled.id);
    const visited = new Map([[made.fork.id as string, made.edit.id as string]]);
    expect(lineage(takes, made.fork.id, visited).redo?.id).toBe(made.edit.id);
  });
  test("at the ends there is nothing", () => {
    expect(lineage(takes, made.first.id, new Map()).undo).toBeNull();
    expect(lineage(takes, made.longer.id, new Map()).redo).toBeNull();
  });
});
