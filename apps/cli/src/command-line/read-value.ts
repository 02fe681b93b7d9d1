import type { Stage } from "@arc-fabric/contract";
import { didYouMean } from "./closest.ts";
import type { KindValues, OptionKind, OptionSpec } from "./command-spec.ts";

type Reading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly expected: string; readonly hint: string };

interface Reader<Value> {
  /** @returns null for a text that is not of this kind */
  read(text: string): Value | null;
  /** What would have been right. */
  readonly expected: string;
}

const wholeNumber = (text: string): number | null =>
  /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
const number = (text: string): number | null =>
  /^-?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : null;

const READERS: { readonly [Kind in Exclude<OptionKind, "choice">]: Reader<KindValues[Kind]> } = {
  text: { read: (text) => text, expected: "a text" },
  int: { read: wholeNumber, expected: "a whole number" },
  number: { read: number, expected: "a number" },
  size: {
    read(text) {
      const match = /^(\d{1,6})[x×*](\d{1,6})$/i.exec(text);
      return match && { width: Number(match[1]), height: Number(match[2]) };
    },
    expected: "a size like 128x128",
  },
  frames: {
    read: (text) => rangeOf(text, /^(\d{1,9})(?:-|\.\.)(\d{1,9})$/),
    expected: "a range of frames like 4-12",
  },
  seconds: {
    read: (text) => rangeOf(text, /^(\d*\.?\d+)(?:-|\.\.)(\d*\.?\d+)$/),
    expected: "a range of seconds like 0.5-1.5",
  },
  rectangle: {
    read(text) {
      const [x, y, width, height, ...more] = numbersOf(text) ?? [];
      return height === undefined || more.length > 0
        ? null
        : { shape: "rectangle", x: x!, y: y!, width: width!, height };
    },
    expected: "x,y,width,height in percent of the picture, like 25,25,50,50",
  },
  polygon: {
    read(text) {
      const points = text.trim().split(/\s+/).map(pointOf);
      return points.length >= 3 && points.every((point) => point !== null)
        ? { shape: "polygon", points }
        : null;
    },
    expected: 'three or more points in percent of the picture, like "10,10 90,10 50,90"',
  },
  steps: {
    read: (text) => (text === "few" ? text : wholeNumber(text)),
    expected: "a whole number, or few",
  },
  stages: {
    read(text) {
      if (text === "default") return text;
      const stages = text.split(",").map(stageOf);
      return stages.every((stage) => stage !== null) ? stages : null;
    },
    expected: "models with their steps, like zoetrope-s:8,zoetrope-m:12, or default",
  },
  cache: {
    read(text) {
      const match = /^(\d{1,6}):(\d{1,6}):(\d{1,6})$/.exec(text);
      if (!match) return null;
      const [start, end, interval] = [Number(match[1]), Number(match[2]), Number(match[3])];
      return start < end && interval > 1 ? { start, end, interval } : null;
    },
    expected: "start:end:interval in steps with the end after the start, like 4:16:2",
  },
  levels: { read: numbersOf, expected: "noise levels that fall to 0, like 0.6,0.3,0" },
};

/** What an option's text means. */
export function readValue({ kind = "text", choices = [] }: OptionSpec, text: string): Reading {
  if (kind === "choice")
    return choices.includes(text)
      ? { ok: true, value: text }
      : { ok: false, expected: choices.join(" or "), hint: didYouMean(text, choices) };
  const { read, expected } = READERS[kind];
  const value = read(text);
  return value === null ? { ok: false, expected, hint: "" } : { ok: true, value };
}

function rangeOf(text: string, form: RegExp): [number, number] | null {
  const match = form.exec(text);
  if (!match) return null;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return from < to ? [from, to] : null;
}

function numbersOf(text: string): number[] | null {
  const values = text.split(",").map((part) => number(part.trim()));
  return values.every((value) => value !== null) ? values : null;
}

function pointOf(text: string): [number, number] | null {
  const [x, y, ...more] = numbersOf(text) ?? [];
  return y === undefined || more.length > 0 ? null : [x!, y];
}

function stageOf(text: string): Stage | null {
  const match = /^\s*(.+):(\d{1,6})\s*$/.exec(text);
  return match && Number(match[2]) > 0 ? { model: match[1]!, steps: Number(match[2]) } : null;
}
