import type { Stream, Take } from "@arc-fabric/contract";
import { describeRecord } from "../api/describe-error.ts";
import type { Tone } from "../ui/badge.tsx";

/** A block in its place in the stream. */
export interface Block {
  readonly take: Take;
  /** From 1. */
  readonly number: number;
  /** Frame of the whole stream with which it begins. */
  readonly from: number;
  readonly frames: number;
}

/** Frames that are made, or will be, under one prompt. */
export interface PromptSpan {
  readonly prompt: string;
  readonly from: number;
  readonly frames: number;
  /** Numbers of its first and last block. */
  readonly blocks: readonly [number, number];
}

/** The stream as it stands: its blocks up to the head, and the one that forms or waits to. */
export function blocksOf({ head_take_id, next_take_id }: Stream, takes: readonly Take[]): Block[] {
  const known = new Map<string, Take>(takes.map((take) => [take.id, take]));
  const head = head_take_id ? known.get(head_take_id) : undefined;
  const next = next_take_id ? known.get(next_take_id) : undefined;
  let from = 0;
  return [...(head ? chainTo(head, known) : []), ...(next ? [next] : [])].map((take, i) => {
    const frames = take.parameters.num_frames;
    const block = { take, number: i + 1, from, frames };
    from += frames;
    return block;
  });
}

/** What is made of a block by these stands in its place. */
const TAKES_PLACE: ReadonlySet<Take["origin"]["kind"]> = new Set(["continue", "fork", "edit"]);

/** The first clip and every block after it, up to this one. */
function chainTo(last: Take, known: ReadonlyMap<string, Take>): Take[] {
  const chain = [last];
  for (let at = last; at.parent_id !== null && TAKES_PLACE.has(at.origin.kind);) {
    const parent = known.get(at.parent_id);
    if (!parent) break;
    if (at.origin.kind === "continue") chain.unshift(parent);
    at = parent;
  }
  return chain;
}

/** A take's place in a stream, from 1; null where it does not go on from another. */
export function placeOf(take: Take, takes: readonly Take[]): number | null {
  if (take.origin.kind !== "continue") return null;
  return chainTo(take, new Map(takes.map((candidate) => [candidate.id, candidate]))).length;
}

/** The number of the block that a take is, or would be, when the stream went on from it; null where it cannot. */
export function blockNumber(take: Take, takes: readonly Take[]): number | null {
  // What was put together from other takes has no end of its own to go on from.
  if (take.status !== "completed" || take.plan.total_steps === 0) return null;
  return chainTo(take, new Map(takes.map((candidate) => [candidate.id, candidate]))).length;
}

/** How many blocks are still to be begun. */
export const blocksToCome = ({ status, blocks, max_blocks, next_take_id }: Stream): number =>
  status === "ended" ? 0 : Math.max(0, max_blocks - blocks - (next_take_id ? 1 : 0));

/** Number of the first block that has not begun. */
export const nextNumber = ({ blocks, next_take_id }: Stream): number =>
  blocks + (next_take_id ? 2 : 1);

/** Which prompt each part of the stream was made with; equal neighbours are one. */
export function promptSpans(blocks: readonly Block[]): PromptSpan[] {
  const spans: PromptSpan[] = [];
  for (const { take, number, from, frames } of blocks) {
    const { prompt } = take.parameters;
    const last = spans.at(-1);
    if (last?.prompt === prompt)
      spans[spans.length - 1] = {
        ...last,
        frames: last.frames + frames,
        blocks: [last.blocks[0], number],
      };
    else spans.push({ prompt, from, frames, blocks: [number, number] });
  }
  return spans;
}

/** What an ended stream became; null while it is open, or where the clip was deleted. */
export function clipOf(stream: Stream, takes: readonly Take[]): Take | null {
  if (stream.status !== "ended") return null;
  if (stream.blocks === 1) return takes.find(({ id }) => id === stream.head_take_id) ?? null;
  const made = takes.filter(
    ({ origin, parent_id }) => origin.kind === "finalize" && parent_id === stream.head_take_id,
  );
  return made.at(-1) ?? null;
}

/** Where a stream stands, in few words. */
export function streamWords(stream: Stream): { text: string; tone: Tone; active: boolean } {
  const { status, blocks, max_blocks: most, next_take_id: next, error } = stream;
  if (status === "ended") return { text: "Ended", tone: "neutral", active: false };
  if (status === "running")
    return { text: `Block ${blocks + 1} of ${most}`, tone: "accent", active: true };
  if (next) return { text: `Pauses after block ${blocks + 1}`, tone: "warning", active: true };
  if (error)
    return {
      text: `Block ${blocks + 1} failed: ${describeRecord(error).title}`,
      tone: "danger",
      active: false,
    };
  if (blocks >= most) {
    const all = blocks === 1 ? "Its one block is made" : `All ${blocks} blocks are made`;
    return { text: all, tone: "neutral", active: false };
  }
  if (blocks === 0) return { text: "Stopped", tone: "warning", active: false };
  return { text: `Paused after block ${blocks} of ${most}`, tone: "warning", active: false };
}
