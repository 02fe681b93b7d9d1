import { useCallback, useEffect, useEffectEvent, useRef, useState, type RefObject } from "react";
import { keyAction, perform } from "./player-keys.ts";

const SPEEDS = [0.25, 0.5, 1, 1.5, 2] as const;

export interface PlayerState {
  playing: boolean;
  loop: boolean;
  speed: number;
  /** Index of the frame in view. */
  frame: number;
}

interface ClipFacts {
  fps: number;
  numFrames: number;
  autoPlay: boolean;
}

/** A <video> handled by frames instead of seconds. */
export function usePlayer({ fps, numFrames, autoPlay }: ClipFacts) {
  const video = useRef<HTMLVideoElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<PlayerState>({
    playing: autoPlay,
    loop: true,
    speed: 1,
    frame: 0,
  });
  useFollow(video, (playing, seconds) => {
    const frame = Math.min(numFrames - 1, Math.floor(seconds * fps + 1e-3));
    setState((before) =>
      before.frame === frame && before.playing === playing ? before : { ...before, frame, playing },
    );
  });
  useEffect(() => {
    if (video.current) video.current.playbackRate = state.speed;
  }, [state.speed]);

  const { seek, step, toggle } = useFrames(video, { fps, numFrames });
  const toggleLoop = useCallback(
    () => setState((before) => ({ ...before, loop: !before.loop })),
    [],
  );
  const changeSpeed = useCallback((by: number) => {
    setState((before) => {
      const at = SPEEDS.findIndex((speed) => speed === before.speed) + by;
      return { ...before, speed: SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)]! };
    });
  }, []);

  useKeys(box, (event) => {
    const action = keyAction(event);
    if (!action) return;
    event.preventDefault();
    perform(action, {
      seek,
      step,
      toggle,
      toggleLoop,
      toggleFullscreen: () => toggleFullscreen(box.current),
      changeSpeed,
      numFrames,
    });
  });

  return {
    video,
    box,
    state,
    seek,
    step,
    toggle,
    toggleLoop,
    toggleFullscreen: () => toggleFullscreen(box.current),
    /** Faster; from the fastest back to the slowest. */
    nextSpeed: () => changeSpeed(state.speed === SPEEDS.at(-1) ? -SPEEDS.length : 1),
  };
}

export type Player = ReturnType<typeof usePlayer>;

function moveTo(video: HTMLVideoElement, seconds: number): void {
  video.currentTime = seconds;
}

function toggleFullscreen(box: HTMLElement | null): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  // Phones may not know it, and a page inside another may not be allowed to.
  else void box?.requestFullscreen?.().catch(() => {});
}

/** Moves a video by frames. */
function useFrames(
  video: RefObject<HTMLVideoElement | null>,
  { fps, numFrames }: Pick<ClipFacts, "fps" | "numFrames">,
) {
  const seek = useCallback(
    (frame: number) => {
      const element = video.current;
      if (!element) return;
      element.pause();
      // The middle of a frame's time, so that rounding never shows its neighbour.
      moveTo(element, (Math.min(Math.max(frame, 0), numFrames - 1) + 0.5) / fps);
    },
    [video, fps, numFrames],
  );
  /** Counted from where the video is, not from the last rendering: keys may come faster than pictures. */
  const step = useCallback(
    (frames: number) => {
      const element = video.current;
      if (element)
        seek(Math.min(numFrames - 1, Math.floor(element.currentTime * fps + 1e-3)) + frames);
    },
    [seek, video, fps, numFrames],
  );
  const toggle = useCallback(() => {
    const element = video.current;
    if (!element) return;
    if (!element.paused) return element.pause();
    if (element.ended || element.currentTime >= (numFrames - 0.4) / fps) moveTo(element, 0);
    // A browser may refuse to play; the button then still says "play".
    element.play().catch(() => {});
  }, [video, fps, numFrames]);
  return { seek, step, toggle };
}

/** Hears the keys of every control inside the box: the box is no control itself, so it takes no focus and has no handler. */
function useKeys(box: RefObject<HTMLElement | null>, onKey: (event: KeyboardEvent) => void): void {
  const hear = useEffectEvent(onKey);
  useEffect(() => {
    const element = box.current;
    const listener = (event: KeyboardEvent) => hear(event);
    element?.addEventListener("keydown", listener);
    return () => element?.removeEventListener("keydown", listener);
  }, [box]);
}

/** Tells with every picture whether the video plays and where it is. */
function useFollow(
  video: RefObject<HTMLVideoElement | null>,
  tell: (playing: boolean, seconds: number) => void,
): void {
  const onPicture = useEffectEvent(tell);
  useEffect(() => {
    let request = requestAnimationFrame(function follow() {
      request = requestAnimationFrame(follow);
      const element = video.current;
      if (element) onPicture(!element.paused, element.currentTime);
    });
    return () => cancelAnimationFrame(request);
  }, [video]);
}
