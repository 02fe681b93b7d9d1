import type { KeyboardEvent } from "react";

/** Where an arrow key leads on a slider; null for other keys. */
export function keyTarget(
  event: KeyboardEvent,
  value: number,
  page: number,
  max: number,
): number | null {
  const size = event.shiftKey ? page : 1;
  switch (event.key) {
    case "ArrowLeft":
    case "ArrowDown":
      return Math.max(0, value - size);
    case "ArrowRight":
    case "ArrowUp":
      return Math.min(max, value + size);
    case "PageDown":
      return Math.max(0, value - page);
    case "PageUp":
      return Math.min(max, value + page);
    case "Home":
      return 0;
    case "End":
      return max;
    default:
      return null;
  }
}
