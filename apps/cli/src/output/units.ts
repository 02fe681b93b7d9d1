/** 84_213 -> "84 kB". Decimal units, as disks and browsers count. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 9.95 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** 3.21 -> "3.2 s", 75 -> "1 min 15 s", 4000 -> "1 h 7 min". */
export function secondsText(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** For something that is still guessed: "3 s", never "0.0 s". */
export function remainingText(seconds: number): string {
  return seconds < 60 ? `${Math.max(1, Math.round(seconds))} s` : secondsText(seconds);
}

/** How long ago, for lists. */
export function agoText(isoTime: string, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - Date.parse(isoTime)) / 1000);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

export function ordinal(count: number): string {
  const last = count % 10;
  const suffix =
    count % 100 >= 11 && count % 100 <= 13
      ? "th"
      : last === 1
        ? "st"
        : last === 2
          ? "nd"
          : last === 3
            ? "rd"
            : "th";
  return `${count}${suffix}`;
}

export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A text on one line, cut to a width. */
export function clip(text: string, width: number): string {
  return truncate(text.replaceAll(/\s+/g, " "), width);
}

/** Cuts a text to a width with an ellipsis. */
export function truncate(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width
    ? text
    : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}
