import { useCallback, useEffect, useRef, useState, type KeyboardEvent } from "react";

export const SPEEDS = [0.25, 0.5, 1, 1.5, 2] as const;

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
  const patch = useCallback(
    (change: Partial<PlayerState>) => setState((before) => ({ ...before, ...change })),
    [],
  );

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    let request = requestAnimationFrame(function follow() {
      request = requestAnimationFrame(follow);
      const frame = Math.min(numFrames - 1, Math.floor(element.currentTime * fps + 1e-3));
      const playing = !element.paused;
      setState((before) =>
        before.frame === frame && before.playing === playing
          ? before
          : { ...before, frame, playing },
      );
    });
    return () => cancelAnimationFrame(request);
  }, [fps, numFrames]);

  useEffect(() => {
    if (video.current) video.current.playbackRate = state.speed;
  }, [state.speed]);

  const seek = useCallback(
    (frame: number) => {
      const element = video.current;
      if (!element) return;
      element.pause();
      // The middle of a frame's time, so that rounding never shows its neighbour.
      element.currentTime = (Math.min(Math.max(frame, 0), numFrames - 1) + 0.5) / fps;
    },
    [fps, numFrames],
  );
  /** Counted from where the video is, not from the last rendering: keys may come faster than pictures. */
  const step = useCallback(
    (frames: number) => {
      const element = video.current;
      if (element)
        seek(Math.min(numFrames - 1, Math.floor(element.currentTime * fps + 1e-3)) + frames);
    },
    [seek, fps, numFrames],
  );
  const toggle = useCallback(() => {
    const element = video.current;
    if (!element) return;
    if (!element.paused) return element.pause();
    if (element.ended || element.currentTime >= (numFrames - 0.4) / fps) element.currentTime = 0;
    // A browser may refuse to play; the button then still says "play".
    element.play().catch(() => {});
  }, [fps, numFrames]);
  const toggleFullscreen = useCallback(() => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void box.current?.requestFullscreen?.().catch(() => {});
  }, []);
  const toggleLoop = useCallback(
    () => setState((before) => ({ ...before, loop: !before.loop })),
    [],
  );
  const changeSpeed = useCallback((direction: 1 | -1) => {
    setState((before) => {
      const at = SPEEDS.findIndex((speed) => speed === before.speed) + direction;
      return { ...before, speed: SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)]! };
    });
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const onControl =
      (event.target as HTMLElement).closest("button, input, a, [role=combobox]") !== null;
    const action = keyAction(event.key, onControl);
    if (!action) return;
    event.preventDefault();
    if (action === "toggle") toggle();
    else if (action === "loop") toggleLoop();
    else if (action === "fullscreen") toggleFullscreen();
    else if (action === "slower") changeSpeed(-1);
    else if (action === "faster") changeSpeed(1);
    else if (action === "first") seek(0);
    else if (action === "last") seek(numFrames - 1);
    else step(action === "forward" ? 1 : -1);
  };

  return { video, box, state, patch, seek, step, toggle, toggleLoop, toggleFullscreen, onKeyDown };
}

/** Keys of a player; those that a focused control uses itself are left to it. */
function keyAction(key: string, onControl: boolean) {
  switch (key.toLowerCase()) {
    case "k":
      return "toggle";
    case " ":
      return onControl ? null : "toggle";
    case "arrowright":
      return onControl ? null : "forward";
    case "arrowleft":
      return onControl ? null : "back";
    case "home":
      return onControl ? null : "first";
    case "end":
      return onControl ? null : "last";
    case ".":
      return "forward";
    case ",":
      return "back";
    case "l":
      return "loop";
    case "f":
      return "fullscreen";
    case "<":
      return "slower";
    case ">":
      return "faster";
    default:
      return null;
  }
}
