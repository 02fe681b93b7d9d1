import { useCallback, useEffect, useEffectEvent, useState } from "react";
import type { Block } from "./blocks.ts";

/** What there is to see of a block: its finished video, or live pictures. */
export type Ready = "video" | "live";

interface StreamClip {
  blocks: readonly Block[];
  fps: number;
  /** More blocks will come: at the end the player waits for the next one. */
  growing: boolean;
  autoPlay: boolean;
  /** Frame of the whole stream at which it starts; null = at its newest block. */
  start: number | null;
}

interface StreamState {
  /** Of the block in view. */
  readonly index: number;
  /** In that block. */
  readonly frame: number;
  readonly playing: boolean;
  readonly loop: boolean;
  readonly speed: number;
}

const SPEEDS = [0.25, 0.5, 1, 1.5, 2] as const;

/**
 * Plays the blocks of a stream as one clip. Each has a video of its own; the next one is loaded and stands at its first frame before
 * the one in view has ended, so that nothing is seen of the change. A block that forms is shown for the time of one pass.
 */
export function useStreamPlayer({ blocks, fps, growing, autoPlay, start }: StreamClip) {
  const last = Math.max(0, blocks.length - 1);
  const [state, setState] = useState<StreamState>(() => ({
    index: start === null ? (growing ? last : 0) : indexAt(blocks, start),
    frame: 0,
    playing: autoPlay,
    loop: !growing,
    speed: 1,
  }));
  const { tapes, ready, onReady, onVideo } = useTapes();
  // A stream that was rewound has fewer blocks.
  const index = Math.min(state.index, last);
  const block = blocks[index];

  const goTo = (to: number, frame: number, playing = state.playing) => {
    const target = blocks[to];
    if (!target) return;
    tapes.aim(target.take.id, frame === 0 ? 0 : (frame + 0.5) / fps);
    setState((before) => ({ ...before, index: to, frame, playing }));
  };
  const seek = (frame: number, playing = false) => {
    const to = indexAt(blocks, frame);
    const target = blocks[to];
    if (target) goTo(to, Math.min(Math.max(0, frame - target.from), target.frames - 1), playing);
  };
  /** Past the end of a block. What has nothing to show yet is waited for, on the last picture. */
  const advance = () => {
    const next = blocks[index + 1];
    if (next && ready.has(next.take.id)) return goTo(index + 1, 0);
    if (state.loop && (!next || next.take.status !== "completed")) return goTo(0, 0);
    if (!next && !growing) setState((before) => ({ ...before, playing: false }));
  };

  const onTick = (elapsedS: number) => {
    if (!block) return;
    const { id } = block.take;
    const place = tapes.run(id, ready.get(id) ?? null, { ...state, elapsedS });
    if (!place) return;
    const frame = Math.min(block.frames - 1, Math.floor(place.seconds * fps + 1e-3));
    if (state.playing && (place.ended || isOver(block, place.liveSeconds, fps))) advance();
    else if (frame !== state.frame || index !== state.index)
      setState((before) => ({ ...before, index, frame }));
  };
  const begin = useEffectEvent(() => start !== null && seek(start, autoPlay));
  useEffect(() => void begin(), []);
  useFrames(onTick);

  const frame = (block?.from ?? 0) + state.frame;
  const total = blocks.reduce((sum, { frames }) => sum + frames, 0);
  return {
    state,
    index,
    block: block ?? null,
    /** Of the whole stream. */
    frame,
    total,
    live: block !== undefined && ready.get(block.take.id) !== "video",
    ready,
    seek,
    step: (by: number) => seek(Math.min(Math.max(0, frame + by), total - 1)),
    toggle() {
      if (state.playing) return setState((before) => ({ ...before, playing: false }));
      const atEnd = !growing && index === last && frame >= total - 1;
      if (atEnd) return goTo(0, 0, true);
      setState((before) => ({ ...before, playing: true }));
    },
    toggleLoop: () => setState((before) => ({ ...before, loop: !before.loop })),
    nextSpeed: () =>
      setState((before) => ({
        ...before,
        speed: SPEEDS[(SPEEDS.findIndex((speed) => speed === before.speed) + 1) % SPEEDS.length]!,
      })),
    onReady,
    onVideo,
  };
}

/** The videos of the blocks, and of which something can be seen. */
function useTapes() {
  const [tapes] = useState(() => new Tapes());
  const [ready, setReady] = useState<ReadonlyMap<string, Ready>>(new Map());
  const onReady = useCallback((takeId: string, next: Ready | null) => {
    setReady((before) => {
      if ((before.get(takeId) ?? null) === next) return before;
      const after = new Map(before);
      if (next) after.set(takeId, next);
      else after.delete(takeId);
      return after;
    });
  }, []);
  const onVideo = useCallback(
    (takeId: string, video: HTMLVideoElement | null) => tapes.set(takeId, video),
    [tapes],
  );
  return { tapes, ready, onReady, onVideo };
}

/** Calls back with every picture of the screen. */
function useFrames(tell: (elapsedS: number) => void): void {
  const onFrame = useEffectEvent(tell);
  useEffect(() => {
    let before = performance.now();
    let request = requestAnimationFrame(function tick(now) {
      request = requestAnimationFrame(tick);
      onFrame((now - before) / 1000);
      before = now;
    });
    return () => cancelAnimationFrame(request);
  }, []);
}

export type StreamPlayer = ReturnType<typeof useStreamPlayer>;

/** A block that forms is left after one pass; one whose finished frames are being shown goes on to its end. */
const isOver = ({ take, frames }: Block, liveSeconds: number, fps: number): boolean =>
  take.status !== "completed" && liveSeconds >= frames / fps;

/** The block that a frame of the stream is in. */
export function indexAt(blocks: readonly Block[], frame: number): number {
  const found = blocks.findIndex(({ from, frames }) => frame < from + frames);
  return found < 0 ? Math.max(0, blocks.length - 1) : found;
}

interface Running {
  readonly playing: boolean;
  readonly speed: number;
  readonly elapsedS: number;
}

/** The videos of the blocks that are mounted: one runs, the others stand at their beginning. */
class Tapes {
  readonly #videos = new Map<string, HTMLVideoElement>();
  #aim: { id: string; seconds: number } | null = null;
  /** The block whose live pictures ran last, and how long they did. */
  #live = { id: "", seconds: 0 };
  /** The block that was shown live to its last frame: its video stands there and does not begin again. */
  #shown = "";

  set(id: string, video: HTMLVideoElement | null): void {
    if (video) this.#videos.set(id, video);
    else this.#videos.delete(id);
  }

  /** Where a block is to begin when it is there. */
  aim(id: string, seconds: number): void {
    this.#aim = { id, seconds };
    this.#live = { id: "", seconds: 0 };
    this.#shown = "";
  }

  /** @returns where the block in view is; null while nothing is to be seen of it */
  run(id: string, ready: Ready | null, { playing, speed, elapsedS }: Running) {
    for (const [other, video] of this.#videos)
      if (other !== id) {
        if (!video.paused) video.pause();
        if (video.currentTime > 0 && !video.seeking) video.currentTime = 0;
      }
    if (ready === null) return null;
    if (ready === "live") {
      if (this.#live.id !== id) this.#live = { id, seconds: 0 };
      if (playing) this.#live.seconds += elapsedS * speed;
      return { seconds: 0, ended: false, liveSeconds: this.#live.seconds };
    }
    const video = this.#videos.get(id);
    if (!video) return null;
    if (this.#aim?.id === id) {
      // Where it stands there already, a seek would only make it blink.
      if (video.currentTime !== this.#aim.seconds) video.currentTime = this.#aim.seconds;
      this.#aim = null;
    } else if (this.#live.id === id && playing) {
      video.currentTime = video.duration;
      this.#shown = id;
    }
    this.#live = { id: "", seconds: 0 };
    if (this.#shown === id) return { seconds: video.duration, ended: true, liveSeconds: 0 };
    video.playbackRate = speed;
    if (!playing && !video.paused) video.pause();
    // A browser may refuse to play; the next picture tries again.
    if (playing && video.paused && !video.ended) video.play().catch(() => {});
    return { seconds: video.currentTime, ended: video.ended, liveSeconds: 0 };
  }
}
