import { framesSeen } from "@arc-fabric/contract";
import type { Levels } from "./schedule.ts";

/** A stretch of frames that the net makes at once, and the frames it looks at meanwhile. Latent frames, [from, to). */
export interface Window {
  readonly made: readonly [number, number];
  readonly window: [number, number];
}

interface Cut {
  /** Length of the clip. */
  readonly frames: number;
  readonly made: readonly [number, number];
  /** Longest clip of the net, at least 3. */
  readonly limit: number;
  readonly direction: "forward" | "backward";
}

/** Enough for a movement to be seen going on. More of them mean fewer new frames at a time. */
export const CONTEXT = 3;

/**
 * How many frames that are there already a block looks at on each side, where nobody said: where the clip goes on, CONTEXT, for
 * cleaner seams (measured on zoetrope-m). Between two ends it is better to make more frames at once, in sight of both (measured
 * there too), so no more than needs no block more. The whole clip where that is but one frame more: a step's time grows faster
 * than the frames it sees.
 */
export function contextFor(cut: Cut): number {
  const { frames, made, limit } = cut;
  const windows = (context: number) => windowsOver({ ...cut, context });
  if (frames <= limit) return windows(CONTEXT).some(seesAllButOne(frames)) ? frames : CONTEXT;
  const between = made[0] > 0 && made[1] < frames;
  if (!between) return CONTEXT;
  let context = 1;
  while (context < CONTEXT && windows(context + 1).length === windows(1).length) context += 1;
  return context;
}

const seesAllButOne =
  (frames: number) =>
  ({ window }: Window) =>
    framesSeen(window) >= frames - 1;

/**
 * Cuts the frames that are to be made into windows a net can see at once, one after the other, each with up to `context`
 * frames that are there already on either side of it.
 * A window that does not begin at frame 0 is one shorter: the net sees an absent first frame before it.
 */
export function windowsOver(options: Cut & { readonly context: number }): Window[] {
  return options.direction === "forward" ? forward(options) : backward(options);
}

type ContextCut = Parameters<typeof windowsOver>[0];

function forward({ frames, made: [first, end], limit, context }: ContextCut): Window[] {
  const windows: Window[] = [];
  for (let at = first; at < end;) {
    // Room for one frame to make and, where one follows, for the one it leads to.
    const most = limit - (end === frames ? 2 : 3);
    const from = withFirst(at - Math.min(context, Math.max(1, most)));
    const to = Math.min(frames, end + context, from + room(from, limit));
    const left = end - at;
    // The frame after the last made one is worth seeing: a block that cannot see it leaves as many as it can for the one that will.
    const fits = to > end || end === frames || left === 1;
    const later = Math.min(Math.max(1, limit - 2 - context), left - 1);
    const count = Math.min(to - at, fits ? left : left - later);
    windows.push({ made: [at, at + count], window: [from, to] });
    at += count;
  }
  return windows;
}

function backward({ frames, made: [first, end], limit, context }: ContextCut): Window[] {
  const windows: Window[] = [];
  for (let at = end; at > first;) {
    const to = Math.min(frames, at + Math.min(context, Math.max(1, limit - 2)));
    const from = to <= limit ? 0 : to - (limit - 1);
    const start = Math.max(first, from);
    windows.push({ made: [start, at], window: [from, to] });
    at = start;
  }
  return windows;
}

/** The clip's first frame itself where only it is left out: its place in the window is taken either way. */
function withFirst(from: number): number {
  return from <= 1 ? 0 : from;
}

function room(from: number, limit: number): number {
  return from === 0 ? limit : limit - 1;
}

/** Of a stream's block: noise stands in the place of its first frame, and nothing looks at it. */
export function withoutFirstFrame({ made, window: [from, to] }: Window): Window {
  return { made, window: [Math.max(1, from), to] };
}

export function withNoiseFirst(row: Levels): Levels {
  return [1, ...row.slice(1)];
}

/** Rows of blocks that are made one after the other: a block's frames wait at the first level, then walk, then are done. */
export function blockRows(
  frames: number,
  blocks: readonly (readonly [number, number])[],
  sigmas: Levels,
): Levels[] {
  const steps = sigmas.length - 1;
  return Array.from({ length: blocks.length * steps + 1 }, (_, k) =>
    Array.from({ length: frames }, (_unused, t) => {
      const block = blocks.findIndex(([from, to]) => from <= t && t < to);
      if (block === -1) return 0;
      return sigmas[Math.min(Math.max(k - block * steps, 0), steps)]!;
    }),
  );
}
