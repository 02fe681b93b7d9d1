import { describe, expect, test } from "vitest";
import { editorKey } from "./editor-keys.ts";

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
});
