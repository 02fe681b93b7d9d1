import { useEffect, useEffectEvent } from "react";

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
