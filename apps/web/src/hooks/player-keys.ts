type PlayerAction =
  | "toggle"
  | "forward"
  | "back"
  | "first"
  | "last"
  | "loop"
  | "fullscreen"
  | "slower"
  | "faster";

const ALWAYS: Readonly<Record<string, PlayerAction>> = {
  k: "toggle",
  ".": "forward",
  ",": "back",
  l: "loop",
  f: "fullscreen",
  "<": "slower",
  ">": "faster",
};
/** Keys that a focused control uses itself are left to it. */
const OFF_CONTROLS: Readonly<Record<string, PlayerAction>> = {
  " ": "toggle",
  arrowright: "forward",
  arrowleft: "back",
  home: "first",
  end: "last",
};

/** What a key means to a player; null when it means nothing here. */
export function keyAction(event: KeyboardEvent): PlayerAction | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const key = event.key.toLowerCase();
  const onControl = (event.target as HTMLElement).closest("button, input, a") !== null;
  return ALWAYS[key] ?? (onControl ? undefined : OFF_CONTROLS[key]) ?? null;
}

interface Controls {
  seek: (frame: number) => void;
  step: (frames: number) => void;
  toggle: () => void;
  toggleLoop: () => void;
  toggleFullscreen: () => void;
  changeSpeed: (by: number) => void;
  numFrames: number;
}

export function perform(action: PlayerAction, controls: Controls): void {
  switch (action) {
    case "toggle":
      return controls.toggle();
    case "forward":
      return controls.step(1);
    case "back":
      return controls.step(-1);
    case "first":
      return controls.seek(0);
    case "last":
      return controls.seek(controls.numFrames - 1);
    case "loop":
      return controls.toggleLoop();
    case "fullscreen":
      return controls.toggleFullscreen();
    case "slower":
      return controls.changeSpeed(-1);
    case "faster":
      return controls.changeSpeed(1);
  }
}
