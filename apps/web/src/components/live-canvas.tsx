import { useEffect, useEffectEvent, useRef } from "react";
import type { LiveClip, Picture } from "../api/live-clip.ts";
import { useReducedMotion } from "../hooks/use-reduced-motion.ts";

interface LiveCanvasProps {
  clip: LiveClip;
  width: number;
  height: number;
  label: string;
  /** Every frame of the finished clip has been shown once. */
  onShown: () => void;
}

/** Largest backing store per side; above it the browser scales. */
const MAX_SIDE_PX = 512;
const SHOWN_MARK = "arc.picture-shown";

/**
 * Plays what is known of a clip in a loop while it forms. The first finished frame starts the loop anew, and a frame
 * that is not there yet is waited for, so that none is dropped.
 */
export function LiveCanvas({ clip, width, height, label, onShown }: LiveCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const tellShown = useEffectEvent(onShown);
  const still = useReducedMotion();

  useEffect(() => {
    const context = canvas.current?.getContext("2d", { alpha: false });
    if (!context) return;
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    const loop = new PlaybackLoop(clip, still);
    let shown: Picture | undefined;
    let request = requestAnimationFrame(function paint(nowMs) {
      request = requestAnimationFrame(paint);
      const picture = loop.due(nowMs);
      if (!picture || picture === shown) return;
      shown = picture;
      context.drawImage(picture.bitmap, 0, 0, context.canvas.width, context.canvas.height);
      noteShown(picture);
      if (picture.kind === "frame" && (still || picture.index === clip.frameCount - 1)) tellShown();
    });
    return () => {
      cancelAnimationFrame(request);
      performance.clearMarks(SHOWN_MARK);
    };
  }, [clip, still]);

  const scale = Math.max(1, Math.floor(MAX_SIDE_PX / Math.max(width, height)));
  return (
    <canvas
      ref={canvas}
      width={width * scale}
      height={height * scale}
      role="img"
      aria-label={label}
      className="size-full"
    />
  );
}

/** Which frame is due, on a clock that stops while a frame is missing. */
class PlaybackLoop {
  readonly #clip: LiveClip;
  readonly #still: boolean;
  #index = 0;
  #sinceMs: number | null = null;
  #finishing = false;

  constructor(clip: LiveClip, still: boolean) {
    this.#clip = clip;
    this.#still = still;
  }

  due(nowMs: number): Picture | undefined {
    const clip = this.#clip;
    const count = clip.frameCount;
    if (count === 0) return undefined;
    const { finishing } = clip;
    if (finishing && !this.#finishing) {
      this.#finishing = true;
      this.#index = 0;
      this.#sinceMs = null;
    }
    if (this.#still) return clip.at(finishing ? 0 : Math.floor(count / 2));
    this.#index %= count;
    const frameMs = 1000 / clip.fps;
    const due = this.#sinceMs !== null && nowMs - this.#sinceMs >= frameMs;
    const index = due ? (this.#index + 1) % count : this.#index;
    const picture = clip.at(index);
    if (!picture) return clip.at(this.#index);
    if (this.#sinceMs === null) this.#sinceMs = nowMs;
    // A frame of lateness at most is made up for; after a longer stall the clock starts anew.
    else if (due) this.#sinceMs = Math.max(this.#sinceMs + frameMs, nowMs - frameMs);
    this.#index = index;
    return picture;
  }
}

/** A user timing entry per picture: what bench/live-latency.ts and a browser's profiler read. */
function noteShown({ kind, index, step, producedAtMs, receivedAtMs }: Picture): void {
  performance.mark(SHOWN_MARK, {
    detail: { kind, index, step, producedAtMs, receivedAtMs, shownAtMs: Date.now() },
  });
}
