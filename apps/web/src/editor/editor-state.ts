/** A stroke of the brush; points and size in percent of the picture's width and height (size: of its width). */
export interface Stroke {
  readonly erase: boolean;
  readonly size: number;
  readonly points: readonly (readonly [number, number])[];
}
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export type AreaDraft =
  | ({ readonly shape: "rectangle" } & Rectangle)
  | { readonly shape: "brush"; readonly strokes: readonly Stroke[] };

export type Tool = "choose" | "rectangle" | "brush" | "eraser";
/** Frames [from, to). */
export type Range = readonly [number, number];
export type Growth =
  | { readonly kind: "forward" | "backward" | "loop" | "continue"; readonly frames: number }
  | { readonly kind: "insert"; readonly frames: number; readonly at: number };

/** What the panel is about. */
export type Focus = "clip" | "step" | "part" | "growth";

export interface EditorState {
  readonly takeId: string;
  readonly focus: Focus;
  /** The step in view; null = the result or the newest picture. */
  readonly step: number | null;
  readonly range: Range | null;
  readonly area: AreaDraft | null;
  readonly tool: Tool;
  /** Diameter in percent of the picture's width. */
  readonly brushSize: number;
  readonly growth: Growth | null;
}

export type EditorAction =
  | { readonly type: "step"; readonly step: number | null }
  | { readonly type: "range"; readonly range: Range | null }
  | { readonly type: "area"; readonly area: AreaDraft | null }
  | { readonly type: "tool"; readonly tool: Tool }
  | { readonly type: "brush"; readonly size: number }
  | { readonly type: "growth"; readonly growth: Growth | null }
  /** One thing back, as Escape does it. */
  | { readonly type: "clear" };

export const BRUSH_SIZE = { min: 3, max: 40, step: 1 };
const FIRST_RECTANGLE: AreaDraft = { shape: "rectangle", x: 25, y: 25, width: 50, height: 50 };

export const startEditing = (takeId: string): EditorState => ({
  takeId,
  focus: "clip",
  step: null,
  range: null,
  area: null,
  tool: "choose",
  brushSize: 14,
  growth: null,
});

/** Actions name the take they are about; another take than before begins with nothing selected. */
export function editorReducer(
  before: EditorState,
  { takeId, ...action }: EditorAction & { takeId: string },
): EditorState {
  const state =
    before.takeId === takeId ? before : { ...startEditing(takeId), brushSize: before.brushSize };
  switch (action.type) {
    case "step":
      return action.step === null
        ? settle({ ...state, step: null })
        : { ...state, focus: "step", step: action.step, tool: "choose" };
    case "range":
      return settle({ ...state, range: action.range, step: null });
    case "area":
      return settle({ ...state, area: action.area, step: null });
    case "tool":
      return settle(withTool({ ...state, step: null }, action.tool));
    case "brush":
      return { ...state, brushSize: action.size };
    case "growth":
      return action.growth
        ? { ...state, focus: "growth", growth: action.growth, step: null, tool: "choose" }
        : settle({ ...state, growth: null });
    case "clear":
      return cleared(state);
  }
}

/** A rectangle is there at once, so that it can be placed without a pointer; a brush begins with nothing. */
function withTool(state: EditorState, tool: Tool): EditorState {
  const shape = tool === "rectangle" ? "rectangle" : "brush";
  if (tool === "choose" || state.area?.shape === shape) return { ...state, tool };
  return {
    ...state,
    tool,
    area: tool === "rectangle" ? FIRST_RECTANGLE : { shape: "brush", strokes: [] },
  };
}

function settle(state: EditorState): EditorState {
  const part = state.range !== null || state.area !== null;
  return { ...state, focus: part ? "part" : "clip", growth: null };
}

function cleared(state: EditorState): EditorState {
  if (state.focus === "growth") return settle({ ...state, growth: null });
  if (state.step !== null) return settle({ ...state, step: null });
  return settle({ ...state, tool: "choose", range: null, area: null });
}
