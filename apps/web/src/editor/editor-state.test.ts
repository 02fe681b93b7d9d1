import { describe, expect, test } from "vitest";
import { editorReducer, startEditing, type EditorAction } from "./editor-state.ts";

const TAKE = "take_a";
const after = (...actions: EditorAction[]) =>
  actions.reduce(
    (state, action) => editorReducer(state, { ...action, takeId: TAKE }),
    startEditing(TAKE),
  );

describe("editor state: the panel follows what was pointed at last", () => {
  test("a step, then a range: the range is what it is about, and the result is in view", () => {
    const state = after({ type: "step", step: 8 }, { type: "range", range: [4, 9] });
    expect(state).toMatchObject({ focus: "part", step: null, range: [4, 9] });
  });
  test("looking at a step does not lose what was marked", () => {
    const marked = after({ type: "tool", tool: "rectangle" }, { type: "step", step: 3 });
    expect(marked.focus).toBe("step");
    const back = editorReducer(marked, { type: "step", step: null, takeId: TAKE });
    expect(back).toMatchObject({ focus: "part", area: { shape: "rectangle" } });
  });
  test("a rectangle is there at once, so that it can be placed by keys; a brush begins with nothing", () => {
    expect(after({ type: "tool", tool: "rectangle" }).area).toMatchObject({ width: 50 });
    expect(after({ type: "tool", tool: "brush" }).area).toEqual({ shape: "brush", strokes: [] });
  });
  test("an eraser goes on with what was painted", () => {
    const strokes = [{ erase: false, size: 10, points: [[1, 2] as const] }];
    const state = after(
      { type: "area", area: { shape: "brush", strokes } },
      { type: "tool", tool: "eraser" },
    );
    expect(state.area).toEqual({ shape: "brush", strokes });
  });
  test("Escape takes back one thing at a time", () => {
    const grown = after(
      { type: "range", range: [0, 4] },
      { type: "growth", growth: { kind: "forward", frames: 8 } },
    );
    expect(grown.focus).toBe("growth");
    const once = editorReducer(grown, { type: "clear", takeId: TAKE });
    expect(once).toMatchObject({ focus: "part", growth: null, range: [0, 4] });
    const twice = editorReducer(once, { type: "clear", takeId: TAKE });
    expect(twice).toMatchObject({ focus: "clip", range: null, area: null });
  });
  test("another take begins with nothing selected", () => {
    const before = after({ type: "range", range: [0, 4] }, { type: "brush", size: 22 });
    const state = editorReducer(before, { type: "step", step: 2, takeId: "take_b" });
    expect(state).toMatchObject({ takeId: "take_b", range: null, step: 2, brushSize: 22 });
  });
});
