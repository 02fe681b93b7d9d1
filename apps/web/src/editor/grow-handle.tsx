import type { Take } from "@arc-fabric/contract";
import { useRef, type CSSProperties } from "react";
import { Icon } from "../ui/icon.tsx";
import { plural } from "../util/format.ts";
import type { Growth } from "./editor-state.ts";
import { keyTarget } from "./slider-keys.ts";

/** As many blocks as a person would add at once. */
export const MAX_GROWTH = 64;
export const FIRST_GROWTH = 16;

interface GrowHandleProps {
  take: Take;
  kind: "forward" | "backward";
  growth: Growth | null;
  /** Frames of one latent frame. */
  step: number;
  onChange: (growth: Growth | null) => void;
}

/** Pulls a clip longer at one of its ends: by dragging, by a click, or with the arrow keys. */
export function GrowHandle({ take, kind, growth, step, onChange }: GrowHandleProps) {
  const drag = useRef<{ x: number; frames: number; framePx: number; moved: boolean } | null>(null);
  const frames = growth?.kind === kind ? growth.frames : 0;
  const forward = kind === "forward";
  const set = (next: number) => {
    const snapped = Math.min(MAX_GROWTH, Math.max(0, Math.round(next / step) * step));
    if (snapped !== frames) onChange(snapped === 0 ? null : { kind, frames: snapped });
  };
  return (
    <div
      role="slider"
      aria-label={forward ? "Frames added at the end" : "Frames added at the beginning"}
      aria-valuemin={0}
      aria-valuemax={MAX_GROWTH}
      aria-valuenow={frames}
      aria-valuetext={plural(frames, "frame")}
      tabIndex={0}
      title={forward ? "Make it longer at its end" : "Make it longer at its beginning"}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const ruler = event.currentTarget.parentElement!.getBoundingClientRect().width;
        const framePx = ruler / take.parameters.num_frames;
        drag.current = { x: event.clientX, frames, framePx, moved: false };
      }}
      onPointerMove={(event) => {
        const from = drag.current;
        if (!from) return;
        const px = (event.clientX - from.x) * (forward ? 1 : -1);
        if (Math.abs(px) > 4) from.moved = true;
        // Twice as fast as the pointer: there is little room beside the ruler.
        if (from.moved) set(from.frames + (px / from.framePx) * 2);
      }}
      onPointerUp={() => {
        if (drag.current && !drag.current.moved) set(frames === 0 ? FIRST_GROWTH : 0);
        drag.current = null;
      }}
      onKeyDown={(event) => {
        const to = keyTarget(event, frames / step, 4, MAX_GROWTH / step);
        if (to === null) return;
        event.preventDefault();
        event.stopPropagation();
        set(to * step);
      }}
      className={`grid w-6 shrink-0 cursor-ew-resize touch-none place-items-center self-end rounded-lg border text-muted transition-colors hover:border-accent hover:text-accent-text ${frames > 0 ? "border-accent bg-accent-soft text-accent-text" : "border-line bg-raised"} h-11`}
    >
      <Icon name="grow" className={`size-4 ${forward ? "" : "-scale-x-100"}`} />
    </div>
  );
}

/** Where the new frames will be. */
export function GrowthGhost({ frames, style }: { frames: number; style: CSSProperties }) {
  return (
    <div
      style={style}
      className="hatched mx-0.5 grid h-11 min-w-10 place-items-center overflow-hidden rounded-lg border border-dashed border-accent text-xs font-semibold text-accent-text tabular transition-[flex-grow] duration-150"
    >
      +{frames}
    </div>
  );
}
