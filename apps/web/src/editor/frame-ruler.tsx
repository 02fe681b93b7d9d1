import type { Take } from "@arc-fabric/contract";
import { useRef, type PointerEvent } from "react";
import { formatSeconds } from "../util/format.ts";
import type { EditorAction, EditorState, Growth, Range } from "./editor-state.ts";
import { FrameTiles } from "./frame-tiles.tsx";
import { GrowHandle, GrowthGhost } from "./grow-handle.tsx";
import { groupBorders, touchedFrames } from "./latent-frames.ts";
import { keyTarget } from "./slider-keys.ts";

interface FrameRulerProps {
  take: Take;
  state: EditorState;
  dispatch: (action: EditorAction) => void;
  /** Frame under the playhead; null while there is no video. */
  frame: number | null;
  onSeek: (frame: number) => void;
  /** Frames of one latent frame: what is made anew always ends on their borders. */
  perGroup: number;
  mayEdit: boolean;
}

/** The clip as a row of frames: where the playhead is, what is selected, and what is added at its ends. */
export function FrameRuler(props: FrameRulerProps) {
  const { take, state, dispatch, perGroup, mayEdit } = props;
  const { num_frames: numFrames } = take.parameters;
  const growth = state.focus === "growth" ? state.growth : null;
  const grow = (next: Growth | null) => dispatch({ type: "growth", growth: next });
  const ends = { take, growth, onChange: grow, step: perGroup };
  /** A block of a stream goes on as another one. */
  const mayGrow = mayEdit && take.origin.kind !== "continue";
  const share = (frames: number) => ({ flexGrow: frames, flexBasis: 0 });
  const before = growth?.kind === "backward" ? growth.frames : 0;
  const after = growth && growth.kind !== "backward" ? growth.frames : 0;

  return (
    <div className="flex items-stretch gap-1 px-3 pb-2.5 select-none">
      {mayGrow && <GrowHandle {...ends} kind="backward" />}
      <div className="flex min-w-0 flex-1 items-end">
        {before > 0 && <GrowthGhost frames={before} style={share(before)} />}
        <div className="min-w-0" style={share(numFrames)}>
          <Playhead {...props} />
          <Selection {...props} />
        </div>
        {after > 0 && growth?.kind !== "insert" && (
          <GrowthGhost frames={after} style={share(after)} />
        )}
      </div>
      {mayGrow && <GrowHandle {...ends} kind="forward" />}
    </div>
  );
}

const percent = (frame: number, numFrames: number) => `${(frame / numFrames) * 100}%`;

/** Numbers and ticks above the frames; dragging over them moves through the clip. */
function Playhead({ take, frame, onSeek, perGroup }: FrameRulerProps) {
  const { num_frames: numFrames, fps } = take.parameters;
  const seek = (event: PointerEvent<HTMLElement>) => onSeek(frameAt(event, numFrames));
  const every = Math.ceil(numFrames / 9 / perGroup) * perGroup;
  return (
    <div
      role="slider"
      aria-label="Playhead"
      aria-valuemin={1}
      aria-valuemax={numFrames}
      aria-valuenow={(frame ?? 0) + 1}
      aria-valuetext={`Frame ${(frame ?? 0) + 1} of ${numFrames}, ${formatSeconds((frame ?? 0) / fps)}`}
      aria-disabled={frame === null || undefined}
      tabIndex={0}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        seek(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && seek(event)}
      onKeyDown={(event) => {
        const to = keyTarget(event, frame ?? 0, perGroup, numFrames - 1);
        if (to === null) return;
        event.preventDefault();
        event.stopPropagation();
        onSeek(to);
      }}
      className="relative h-5 cursor-ew-resize touch-none"
    >
      {Array.from({ length: numFrames }, (_, i) => (
        <span
          key={i}
          className={`absolute bottom-0 w-px bg-line-strong ${i % every === 0 ? "h-2" : "h-1 opacity-50"}`}
          style={{ left: percent(i, numFrames) }}
        >
          {i % every === 0 && (
            <span className="absolute -top-2.5 left-1 text-[0.625rem] leading-none text-muted tabular">
              {i + 1}
            </span>
          )}
        </span>
      ))}
      {frame !== null && (
        <span
          className="pointer-events-none absolute top-1 z-10 -ml-1.5 h-16 w-3"
          style={{ left: percent(frame + 0.5, numFrames) }}
        >
          <span className="mx-auto block size-2.5 rounded-sm bg-accent" />
          <span className="mx-auto block h-full w-0.5 bg-accent" />
        </span>
      )}
    </div>
  );
}

/** The frames themselves; dragging over them selects some. */
function Selection({ take, state, dispatch, perGroup, mayEdit }: FrameRulerProps) {
  const { num_frames: numFrames } = take.parameters;
  const anchor = useRef<number | null>(null);
  const { range } = state;
  const select = (next: Range | null) => dispatch({ type: "range", range: next });
  const onDown = (event: PointerEvent<HTMLElement>) => {
    if (!mayEdit || event.button !== 0 || (event.target as HTMLElement).role === "slider") return;
    event.currentTarget.setPointerCapture(event.pointerId);
    anchor.current = frameAt(event, numFrames);
    select([anchor.current, anchor.current + 1]);
  };
  const onMove = (event: PointerEvent<HTMLElement>) => {
    if (anchor.current === null) return;
    const at = frameAt(event, numFrames);
    select([Math.min(anchor.current, at), Math.max(anchor.current, at) + 1]);
  };
  return (
    <div
      role="group"
      aria-label="Frames"
      data-testid="frames"
      onPointerDown={onDown}
      onPointerMove={onMove}
      onPointerUp={() => (anchor.current = null)}
      className={`relative h-11 touch-none overflow-hidden rounded-lg bg-sunken ring-1 ring-line ring-inset ${mayEdit ? "cursor-crosshair" : ""}`}
    >
      <FrameTiles take={take} tiles={numFrames} />
      {groupBorders(numFrames, perGroup).map((frame) => (
        <span
          key={frame}
          className="absolute inset-y-0 w-px bg-black/35"
          style={{ left: percent(frame, numFrames) }}
        />
      ))}
      {range && <Selected range={range} onChange={select} perGroup={perGroup} of={numFrames} />}
    </div>
  );
}

interface SelectedProps {
  range: Range;
  onChange: (range: Range) => void;
  perGroup: number;
  of: number;
}

/** The chosen frames; what is made anew with them is only half in the shade, what stays lies in it. */
function Selected({ range, onChange, perGroup, of: numFrames }: SelectedProps) {
  const [from, to] = range;
  const touched = touchedFrames(range, perGroup, numFrames);
  return (
    <>
      <Shade from={0} to={touched[0]} numFrames={numFrames} look="bg-canvas/70" />
      <Shade from={touched[1]} to={numFrames} numFrames={numFrames} look="bg-canvas/70" />
      <Shade from={touched[0]} to={from} numFrames={numFrames} look="bg-canvas/40" />
      <Shade from={to} to={touched[1]} numFrames={numFrames} look="bg-canvas/40" />
      <span
        className="pointer-events-none absolute inset-y-0 rounded-md ring-2 ring-accent ring-inset"
        style={{ left: percent(from, numFrames), width: percent(to - from, numFrames) }}
      />
      <RangeHandle
        label="First selected frame"
        value={from}
        min={0}
        max={to - 1}
        numFrames={numFrames}
        onChange={(next) => onChange([next, to])}
        at={from}
      />
      <RangeHandle
        label="Last selected frame"
        value={to - 1}
        min={from}
        max={numFrames - 1}
        numFrames={numFrames}
        onChange={(last) => onChange([from, last + 1])}
        at={to}
      />
    </>
  );
}

function Shade(props: { from: number; to: number; numFrames: number; look: string }) {
  const { from, to, numFrames, look } = props;
  if (to <= from) return null;
  return (
    <span
      className={`pointer-events-none absolute inset-y-0 ${look}`}
      style={{ left: percent(from, numFrames), width: percent(to - from, numFrames) }}
    />
  );
}

interface RangeHandleProps {
  label: string;
  value: number;
  min: number;
  max: number;
  numFrames: number;
  /** Border of frames at which it stands. */
  at: number;
  onChange: (frame: number) => void;
}

function RangeHandle({ label, value, min, max, numFrames, at, onChange }: RangeHandleProps) {
  const clamp = (frame: number) => Math.min(Math.max(frame, min), max);
  const isEnd = at !== value;
  return (
    <span
      role="slider"
      aria-label={label}
      aria-valuemin={min + 1}
      aria-valuemax={max + 1}
      aria-valuenow={value + 1}
      tabIndex={0}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (event.buttons !== 1) return;
        event.stopPropagation();
        onChange(clamp(frameAt(event, numFrames, event.currentTarget.parentElement!)));
      }}
      onKeyDown={(event) => {
        const to = keyTarget(event, value, 1, max);
        if (to === null) return;
        event.preventDefault();
        event.stopPropagation();
        onChange(clamp(to));
      }}
      className={`absolute inset-y-0 w-2.5 cursor-ew-resize touch-none bg-accent outline-offset-[-2px] focus-visible:outline-accent-ink ${isEnd ? "-translate-x-full rounded-r-md" : "rounded-l-md"}`}
      style={{ left: percent(at, numFrames) }}
    />
  );
}

function frameAt(event: PointerEvent<HTMLElement>, numFrames: number, of = event.currentTarget) {
  const { left, width } = of.getBoundingClientRect();
  const frame = Math.floor(((event.clientX - left) / width) * numFrames);
  return Math.min(Math.max(frame, 0), numFrames - 1);
}
