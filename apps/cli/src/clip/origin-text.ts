import type { Area, DeriveRequest, Origin, Take } from "@arc-fabric/contract";
import { clip, countText } from "../output/units.ts";

/** Prompts are cut here: the whole one is in arc show. */
const PROMPT_CHARS = 40;

/**
 * How a take came about, in words, with what was changed.
 * @param parent what it was made from: what was asked for but is as it was there is left out
 */
export function originText(origin: Origin, parent?: Pick<Take, "parameters">): string {
  const how = originKindText(origin);
  const changed = origin.kind === "generate" ? [] : changesOf(origin, parent?.parameters ?? {});
  return changed.length === 0 ? how : `${how}: ${changed.join(", ")}`;
}

/** The same without what was changed. */
export function originKindText(origin: Origin): string {
  switch (origin.kind) {
    case "generate":
      return "made from a prompt";
    case "fork":
      return `fork at step ${origin.at_step}`;
    case "edit":
      return `edit of ${partText(origin)}`;
    case "extend":
      return `${countText(origin.num_frames, "frame")} added ${origin.direction === "forward" ? "at the end" : "at the beginning"}`;
    case "insert":
      return `${countText(origin.num_frames, "frame")} inserted at frame ${origin.at_frame}`;
    case "loop":
      return `loop with ${countText(origin.num_frames, "frame")}`;
    case "continue":
      return `next block of ${countText(origin.num_frames, "frame")}`;
    case "concatenate":
      return `followed by ${origin.takes.join(", ")}`;
    case "finalize":
      return "blocks put together";
  }
}

type Edit = Extract<DeriveRequest, { kind: "edit" }>;

function partText({ frames, seconds, area }: Edit): string {
  const time = frames
    ? [`frames ${frames[0]}-${frames[1]}`]
    : seconds
      ? [`seconds ${seconds[0]}-${seconds[1]}`]
      : [];
  const parts = [...time, ...(area ? [areaText(area)] : [])];
  return parts.length === 0 ? "the whole clip" : parts.join(", ");
}

function areaText(area: Area): string {
  switch (area.shape) {
    case "rectangle":
      return `area ${area.x},${area.y} ${area.width}x${area.height} %`;
    case "polygon":
      return `polygon of ${area.points.length} points`;
    case "brush":
      return "a painted mask";
  }
}

/** What is named in the text above, or says nothing about the picture. */
const TOLD: ReadonlySet<string> = new Set([
  "kind",
  "at_step",
  "at_frame",
  "frames",
  "seconds",
  "area",
  "direction",
  "num_frames",
  "takes",
  "priority",
  "title",
]);

function changesOf(origin: DeriveRequest, before: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(origin)
    .filter(([name, value]) => !TOLD.has(name) && value !== undefined && value !== before[name])
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${valueText(value)}`);
}

function valueText(value: unknown): string {
  if (typeof value === "string") return `"${clip(value, PROMPT_CHARS)}"`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
