import { useEffect, useEffectEvent } from "react";
import { BRUSH_SIZE, type EditorAction, type EditorState } from "./editor-state.ts";

/** Percent of the picture's width. */
const BRUSH_STEP = 2;

type EditorKey =
  | "undo"
  | "redo"
  | "play"
  | "previous"
  | "next"
  | "in"
  | "out"
  | "choose"
  | "rectangle"
  | "brush"
  | "eraser"
  | "smaller"
  | "larger"
  | "compare"
  | "clear";

const PLAIN: Readonly<Record<string, EditorKey>> = {
  " ": "play",
  k: "play",
  ",": "previous",
  ".": "next",
  i: "in",
  o: "out",
  v: "choose",
  r: "rectangle",
  b: "brush",
  e: "eraser",
  "[": "smaller",
  "]": "larger",
  c: "compare",
  escape: "clear",
};

/** What a key means in the editor; null when it means nothing, or is meant for what has the focus. */
export function editorKey(event: {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  target: EventTarget | null;
}): EditorKey | null {
  const element = event.target as HTMLElement | null;
  if (
    element?.closest?.("input, textarea, select, [contenteditable], [role=dialog], [role=listbox]")
  )
    return null;
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !event.altKey) {
    if (key === "z") return event.shiftKey ? "redo" : "undo";
    return key === "y" ? "redo" : null;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  // A button is pressed by the space bar, a video has its own keys.
  if (key === " " && element?.closest?.("button, a, video, [role=radio], [role=tab]")) return null;
  return PLAIN[key] ?? null;
}

/** What a key changes in the selection. @param place frame under the playhead, and how many there are */
export function actionOf(
  key: Exclude<EditorKey, "undo" | "redo" | "play" | "previous" | "next" | "compare">,
  { range, brushSize }: EditorState,
  { at, numFrames }: { at: number; numFrames: number },
): EditorAction {
  const [first, last] = range ?? [0, numFrames];
  const { min, max } = BRUSH_SIZE;
  switch (key) {
    case "in":
      return { type: "range", range: [at, Math.max(at + 1, last)] };
    case "out":
      return { type: "range", range: [Math.min(first, at), at + 1] };
    case "smaller":
      return { type: "brush", size: Math.max(min, brushSize - BRUSH_STEP) };
    case "larger":
      return { type: "brush", size: Math.min(max, brushSize + BRUSH_STEP) };
    case "clear":
      return { type: "clear" };
    case "choose":
    case "rectangle":
    case "brush":
    case "eraser":
      return { type: "tool", tool: key };
  }
}

/** Listens on the whole page while the editor is shown. */
export function useEditorKeys(perform: (key: EditorKey) => void): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented) return;
    const key = editorKey(event);
    if (!key) return;
    event.preventDefault();
    perform(key);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
}
