import type { Stream, Take } from "@arc-fabric/contract";
import { describe, expect, test } from "vitest";
import {
  blockNumber,
  blocksOf,
  blocksToCome,
  clipOf,
  nextNumber,
  placeOf,
  promptSpans,
  streamWords,
} from "./blocks.ts";

type Kind = Take["origin"]["kind"];

function take(id: string, kind: Kind, parent: string | null, prompt = "red"): Take {
  return {
    id,
    parent_id: parent,
    status: "completed",
    origin: { kind },
    plan: { total_steps: kind === "finalize" ? 0 : 20 },
    parameters: { prompt, num_frames: kind === "generate" ? 17 : 8 },
  } as unknown as Take;
}

const TAKES = [
  take("a", "generate", null),
  take("b", "continue", "a"),
  take("c", "continue", "b", "blue"),
  take("left", "continue", "b", "green"),
  take("next", "continue", "c", "blue"),
  take("edit", "edit", "b"),
  take("after-edit", "continue", "edit"),
  take("other", "fork", "a"),
  take("clip", "finalize", "c"),
];
const STREAM = {
  status: "running",
  head_take_id: "c",
  next_take_id: "next",
  blocks: 3,
  max_blocks: 6,
  error: null,
} as unknown as Stream;
const find = (id: string) => TAKES.find((one) => one.id === id)!;

describe("stream: its blocks", () => {
  test("are the chain up to the head and the one that forms, each in its place", () => {
    expect(blocksOf(STREAM, TAKES).map(({ take: { id }, from }) => [id, from])).toEqual([
      ["a", 0],
      ["b", 17],
      ["c", 25],
      ["next", 33],
    ]);
    expect(blocksToCome(STREAM)).toBe(2);
    expect(nextNumber(STREAM)).toBe(5);
    expect(blocksToCome({ ...STREAM, status: "ended" })).toBe(0);
  });

  test("that were made with one prompt share its span", () => {
    expect(promptSpans(blocksOf(STREAM, TAKES))).toEqual([
      { prompt: "red", from: 0, frames: 25, blocks: [1, 2] },
      { prompt: "blue", from: 25, frames: 16, blocks: [3, 4] },
    ]);
  });

  test("can be gone on from, also those that were left and what was made in a block's place, but not clips put together", () => {
    const numbers = ["a", "c", "left", "other", "edit", "after-edit", "clip"].map((id) =>
      blockNumber(find(id), TAKES),
    );
    expect(numbers).toEqual([1, 3, 3, 1, 2, 3, null]);
    expect(blockNumber({ ...find("left"), status: "failed" }, TAKES)).toBeNull();
    expect([placeOf(find("a"), TAKES), placeOf(find("left"), TAKES)]).toEqual([null, 3]);
  });

  test("became one clip: the newest that was made of the head, or the only block itself", () => {
    const ended: Stream = { ...STREAM, status: "ended", next_take_id: null };
    expect(clipOf(STREAM, TAKES)).toBeNull();
    expect(clipOf(ended, TAKES)?.id).toBe("clip");
    expect(clipOf({ ...ended, blocks: 1, head_take_id: find("a").id }, TAKES)?.id).toBe("a");
  });

  test.each<[Partial<Stream>, string]>([
    [{}, "Block 4 of 6"],
    [{ status: "paused" }, "Pauses after block 4"],
    [{ status: "paused", next_take_id: null }, "Paused after block 3 of 6"],
    [{ status: "paused", next_take_id: null, max_blocks: 3 }, "All 3 blocks are made"],
    [{ status: "paused", next_take_id: null, head_take_id: null, blocks: 0 }, "Stopped"],
    [{ status: "ended", next_take_id: null }, "Ended"],
  ])("are told in few words: %o", (changes, words) => {
    expect(streamWords({ ...STREAM, ...changes }).text).toBe(words);
  });
});
