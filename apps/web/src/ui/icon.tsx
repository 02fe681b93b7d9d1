/** Drawn for this studio: 24 x 24, strokes of 1.75. */
const PATHS = {
  play: "M8 5.5v13l10.5-6.5z",
  pause: "M8.5 5.5v13M15.5 5.5v13",
  loop: "M4 12a6 6 0 0 1 6-6h8m0 0-3-3m3 3-3 3M20 12a6 6 0 0 1-6 6H6m0 0 3 3m-3-3 3-3",
  download: "M12 4v11m0 0-4.5-4.5M12 15l4.5-4.5M5 20h14",
  expand: "M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5",
  next: "M7 6v12l8-6zM18 6v12",
  previous: "M17 6v12l-8-6zM6 6v12",
  dice: "M5 5h14v14H5zM9 9h.01M15 15h.01M9 15h.01M15 9h.01M12 12h.01",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  unlock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 6.8-1.2",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  contrast: "M12 3.5a8.5 8.5 0 1 0 0 17zM12 3.5a8.5 8.5 0 0 1 0 17",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  chevron: "M7 10l5 5 5-5",
  trash: "M4.5 7h15M10 11v6M14 11v6M6.5 7l1 13h9l1-13M9 7V4h6v3",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  again: "M4 12a8 8 0 1 0 2.6-5.9M4 4v4.5h4.5",
  warning: "M12 4 2.8 20h18.4zM12 10v4.5M12 17.3h.01",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5.5M12 7.7h.01",
  spark:
    "M12 3.5l1.9 5.6 5.6 1.9-5.6 1.9L12 18.500l-1.900-5.600-5.600-1.900 5.600-1.900zM19 16v4M17 18h4",
  film: "M4 5h16v14H4zM8 5v14M16 5v14M4 9.700h4M4 14.300h4M16 9.700h4M16 14.300h4",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5.500l3.500 2",
  offline:
    "M3 3l18 18M5 12.500a10 10 0 0 1 4-2.400M2 9a15 15 0 0 1 4.500-2.800M12.500 5a15 15 0 0 1 9.500 4M15.500 10.500a10 10 0 0 1 3.500 2M8.500 16a5 5 0 0 1 7 0M12 19.500h.01",
  key: "M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 12l8-8M16 7l3 3",
  grid: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  branch: "M6 4v16M6 12h6a5 5 0 0 0 5-5V4M14.500 6.500 17 4l2.500 2.500",
  undo: "M8 5 4 9l4 4M4 9h10a5.500 5.500 0 0 1 0 11h-3",
  redo: "M16 5l4 4-4 4M20 9H10a5.500 5.500 0 0 0 0 11h3",
  cursor: "M6 3.500l12.500 7.500-5.500 1.500L10 18.500z",
  rectangle:
    "M4 8V5.500A1.500 1.500 0 0 1 5.500 4H8M16 4h2.500A1.500 1.500 0 0 1 20 5.500V8M20 16v2.500a1.500 1.500 0 0 1-1.500 1.500H16M8 20H5.500A1.500 1.500 0 0 1 4 18.500V16M11 4h2M11 20h2M4 11v2M20 11v2",
  brush:
    "M20 4 10.500 13.500M8.500 13a3.500 3.500 0 0 0-3.500 3.500c0 1.500-1 2.500-2 3 3 1 9 .500 9-3A3.500 3.500 0 0 0 8.500 13z",
  eraser:
    "M9 20h11M6.500 18.500 3.500 15.500a1.500 1.500 0 0 1 0-2l9-9a1.500 1.500 0 0 1 2 0l5 5a1.500 1.500 0 0 1 0 2l-8.500 8.500H8zM8 9l7 7",
  compare: "M12 3v18M9 6H4v12h5M15 6h5v12h-5",
  flag: "M6 21V4M6 5h11l-2.500 4 2.500 4H6",
  pencil: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  grow: "M4 6v12M9 12h11m0 0-4-4m4 4-4 4",
  upload: "M12 16V5m0 0L7.500 9.500M12 5l4.500 4.500M5 20h14",
  plus: "M12 5v14M5 12h14",
  shield:
    "M12 3l7.500 2.500v6c0 4.500-3 7.500-7.500 9.500-4.500-2-7.500-5-7.500-9.500v-6zM8.500 12l2.500 2.500 4.500-5",
  tag: "M4 4h8l8 8-8 8-8-8zM8.500 8.500h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, className = "size-4.5" }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      className={`shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} fill={name === "play" ? "currentColor" : "none"} />
    </svg>
  );
}
