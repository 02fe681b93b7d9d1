import { describe, expect, test } from "vitest";
import { actionOf, editorKey } from "./editor-keys.ts";
import { startEditing } from "./editor-state.ts";

const key = (
  name: string,
  held: Partial<Record<"ctrlKey" | "metaKey" | "shiftKey" | "altKey", true>> = {},
) =>
  editorKey({
    key: name,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    altKey: false,
    target: null,
    ...held,
  });

describe("editor keys", () => {
  test("undo and redo as on every system", () => {
    expect(key("z", { ctrlKey: true })).toBe("undo");
    expect(key("Z", { ctrlKey: true, shiftKey: true })).toBe("redo");
    expect(key("z", { metaKey: true })).toBe("undo");
    expect(key("y", { ctrlKey: true })).toBe("redo");
  });
  test("keys of the browser are left to it", () => {
    expect(key("r", { ctrlKey: true })).toBeNull();
    expect(key("c", { metaKey: true })).toBeNull();
    expect(key("z", { ctrlKey: true, altKey: true })).toBeNull();
    expect(key("q")).toBeNull();
  });
  test("plain letters are tools", () => {
    expect([key("r"), key("b"), key("i"), key("Escape"), key(" ")]).toEqual([
      "rectangle",
      "brush",
      "in",
      "clear",
      "play",
    ]);
  });
  test("in and out mark a range at the playhead", () => {
    const place = { at: 6, numFrames: 17 };
    const free = startEditing("take_a");
    expect(actionOf("in", free, place)).toEqual({ type: "range", range: [6, 17] });
    expect(actionOf("out", free, place)).toEqual({ type: "range", range: [0, 7] });
    const late = { ...free, range: [10, 12] as const };
    expect(actionOf("out", late, place)).toEqual({ type: "range", range: [6, 7] });
    expect(actionOf("in", late, { at: 14, numFrames: 17 })).toEqual({
      type: "range",
      range: [14, 15],
    });
  });
});
