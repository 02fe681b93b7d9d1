import { useId, useRef, type KeyboardEvent, type PointerEvent } from "react";
import type { AreaDraft, EditorAction, EditorState, Rectangle, Stroke } from "./editor-state.ts";

interface AreaOverlayProps {
  state: EditorState;
  dispatch: (action: EditorAction) => void;
  /** Of the clip, in pixels. */
  width: number;
  height: number;
  /** Painting needs a picture that stands still. */
  onBegin: () => void;
}

/** The part of the picture that is to be made anew, and the tools that draw it. */
export function AreaOverlay({ state, dispatch, width, height, onBegin }: AreaOverlayProps) {
  const { area, tool } = state;
  const begun = useRef<readonly [number, number] | null>(null);
  const setArea = (next: AreaDraft | null) => dispatch({ type: "area", area: next });
  const active = tool !== "choose";

  const onDown = (event: PointerEvent<HTMLElement>) => {
    if (!active || event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    onBegin();
    const at = pointAt(event);
    begun.current = at;
    if (tool === "rectangle") return;
    const stroke: Stroke = { erase: tool === "eraser", size: state.brushSize, points: [at] };
    const strokes = area?.shape === "brush" ? area.strokes : [];
    setArea({ shape: "brush", strokes: [...strokes, stroke] });
  };
  const onMove = (event: PointerEvent<HTMLElement>) => {
    if (!begun.current) return;
    const at = pointAt(event);
    if (tool === "rectangle") {
      const next = between(begun.current, at);
      if (next.width >= 2 && next.height >= 2) setArea({ shape: "rectangle", ...next });
    } else if (area?.shape === "brush") {
      const [last, ...before] = area.strokes.toReversed();
      if (last)
        setArea({
          shape: "brush",
          strokes: [...before.toReversed(), { ...last, points: [...last.points, at] }],
        });
    }
  };

  if (!active && !area) return null;
  return (
    <div
      data-testid="area"
      className={`absolute inset-0 touch-none ${active ? "cursor-crosshair" : "pointer-events-none"}`}
      onPointerDown={onDown}
      onPointerMove={onMove}
      onPointerUp={() => (begun.current = null)}
      onPointerCancel={() => (begun.current = null)}
    >
      {area?.shape === "brush" && <Painted strokes={area.strokes} width={width} height={height} />}
      {area?.shape === "rectangle" && (
        <Frame
          rectangle={area}
          active={tool === "rectangle"}
          onBegin={onBegin}
          onChange={(next) => setArea({ shape: "rectangle", ...next })}
        />
      )}
    </div>
  );
}

function Painted(props: { strokes: readonly Stroke[]; width: number; height: number }) {
  const { strokes, width, height } = props;
  const id = useId();
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      className="pointer-events-none absolute inset-0 size-full"
      role="img"
      aria-label={strokes.length === 0 ? "Nothing is painted yet" : "The painted area"}
    >
      <mask id={id}>
        {strokes.map((stroke, i) => (
          <polyline
            key={i}
            points={stroke.points
              .concat(stroke.points.length === 1 ? [stroke.points[0]!] : [])
              .map(([x, y]) => `${(x / 100) * width},${(y / 100) * height}`)
              .join(" ")}
            fill="none"
            stroke={stroke.erase ? "black" : "white"}
            strokeWidth={(stroke.size / 100) * width}
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        ))}
      </mask>
      <rect
        width={width}
        height={height}
        fill="var(--color-paint)"
        opacity="0.55"
        mask={`url(#${id})`}
      />
    </svg>
  );
}

interface FrameProps {
  rectangle: Rectangle;
  active: boolean;
  onBegin: () => void;
  onChange: (rectangle: Rectangle) => void;
}

const CORNERS = [
  ["left", "top", "nwse-resize"],
  ["right", "top", "nesw-resize"],
  ["left", "bottom", "nesw-resize"],
  ["right", "bottom", "nwse-resize"],
] as const;

/** A rectangle that can be moved and pulled at its corners; arrow keys move it, with Shift they resize it. */
function Frame({ rectangle, active, onBegin, onChange }: FrameProps) {
  const { x, y, width, height } = rectangle;
  const drag = useRef<{ at: readonly [number, number]; from: Rectangle } | null>(null);
  const begin = (event: PointerEvent<HTMLElement>) => {
    if (!active) return;
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    onBegin();
    drag.current = { at: pointAt(event, picture(event)), from: rectangle };
  };
  const end = () => (drag.current = null);
  const pull = (
    event: PointerEvent<HTMLElement>,
    change: (dx: number, dy: number) => Rectangle,
  ) => {
    if (!drag.current) return;
    event.stopPropagation();
    const [px, py] = pointAt(event, picture(event));
    onChange(change(px - drag.current.at[0], py - drag.current.at[1]));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = KEYS[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    onChange(event.shiftKey ? resized(rectangle, by[0], by[1]) : moved(rectangle, by[0], by[1]));
  };
  return (
    <div
      className="absolute shadow-[0_0_0_200vmax_rgb(0_0_0/0.35)] outline-2 outline-paint outline-dashed"
      style={{ left: `${x}%`, top: `${y}%`, width: `${width}%`, height: `${height}%` }}
    >
      <button
        type="button"
        aria-label={`Area: ${Math.round(width)} by ${Math.round(height)} percent, ${Math.round(x)} from the left, ${Math.round(y)} from the top. Arrow keys move it, with Shift they resize it.`}
        onKeyDown={onKeyDown}
        onPointerDown={begin}
        onPointerMove={(event) => pull(event, (dx, dy) => moved(drag.current!.from, dx, dy))}
        onPointerUp={end}
        className={`absolute inset-0 touch-none bg-paint/10 outline-offset-[-4px] focus-visible:outline-white ${active ? "cursor-move" : ""}`}
      />
      {active &&
        CORNERS.map(([side, edge, cursor]) => (
          <span
            key={side + edge}
            className="absolute size-4 -translate-1/2 touch-none rounded-full border-2 border-white bg-paint shadow-card"
            style={{
              left: side === "left" ? "0" : "100%",
              top: edge === "top" ? "0" : "100%",
              cursor,
            }}
            onPointerDown={begin}
            onPointerMove={(event) =>
              pull(event, (dx, dy) => cornered(drag.current!.from, side, edge, dx, dy))
            }
            onPointerUp={end}
          />
        ))}
    </div>
  );
}

const KEYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-2, 0],
  ArrowRight: [2, 0],
  ArrowUp: [0, -2],
  ArrowDown: [0, 2],
};

const picture = (event: PointerEvent<HTMLElement>) =>
  event.currentTarget.closest<HTMLElement>("[data-testid=area]")!;

/** Percent of the picture's width and height. */
function pointAt(event: PointerEvent<HTMLElement>, of: HTMLElement = event.currentTarget) {
  const { left, top, width, height } = of.getBoundingClientRect();
  const part = (value: number) => Math.min(100, Math.max(0, value * 100));
  return [part((event.clientX - left) / width), part((event.clientY - top) / height)] as const;
}

const MIN_SIDE = 2;
const clamp = (value: number, max: number) => Math.min(Math.max(value, 0), max);
const between = ([ax, ay]: readonly [number, number], [bx, by]: readonly [number, number]) => ({
  x: Math.min(ax, bx),
  y: Math.min(ay, by),
  width: Math.abs(ax - bx),
  height: Math.abs(ay - by),
});
const moved = (from: Rectangle, dx: number, dy: number): Rectangle => ({
  ...from,
  x: clamp(from.x + dx, 100 - from.width),
  y: clamp(from.y + dy, 100 - from.height),
});
const resized = (from: Rectangle, dx: number, dy: number): Rectangle => ({
  ...from,
  width: Math.max(MIN_SIDE, Math.min(from.width + dx, 100 - from.x)),
  height: Math.max(MIN_SIDE, Math.min(from.height + dy, 100 - from.y)),
});

function cornered(
  from: Rectangle,
  side: "left" | "right",
  edge: "top" | "bottom",
  dx: number,
  dy: number,
): Rectangle {
  const [right, bottom] = [from.x + from.width, from.y + from.height];
  const x = side === "left" ? clamp(from.x + dx, right - MIN_SIDE) : from.x;
  const y = edge === "top" ? clamp(from.y + dy, bottom - MIN_SIDE) : from.y;
  return {
    x,
    y,
    width: side === "left" ? right - x : Math.max(MIN_SIDE, Math.min(from.width + dx, 100 - x)),
    height: edge === "top" ? bottom - y : Math.max(MIN_SIDE, Math.min(from.height + dy, 100 - y)),
  };
}
