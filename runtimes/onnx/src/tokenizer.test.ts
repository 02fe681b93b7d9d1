import { describe, expect, test } from "vitest";
import { Tokenizer } from "./tokenizer.ts";

const tokenizer = new Tokenizer({
  version: 1,
  max_tokens: 6,
  words: { ball: 3, red: 4, right: 5, bounces: 6, up: 7 },
  synonyms: {
    sphere: "ball",
    "to the right": "right",
    "moves to the right": "right",
    "bounces up and down": "bounces",
    "red ball": "ball",
  },
  ignored: ["a", "the", "and", "to"],
});
const ids = (text: string) => [...tokenizer.tokenize(text, "prompt").ids].map(Number);
const warnings = (text: string) => tokenizer.tokenize(text, "prompt").warnings;

describe("tokenizer", () => {
  test.each([
    ["", [1, 0, 0, 0, 0, 0]],
    ["ball", [1, 3, 0, 0, 0, 0]],
    ["A Sphere, RED!", [1, 3, 4, 0, 0, 0]],
    ["the sphere's red", [1, 3, 4, 0, 0, 0]],
    ["ball moves to the right", [1, 3, 5, 0, 0, 0]],
    ["ball-to-the-right", [1, 3, 5, 0, 0, 0]],
    ["bounces up and down", [1, 6, 0, 0, 0, 0]],
    ["bounces up", [1, 6, 7, 0, 0, 0]],
    ["a red ball", [1, 3, 0, 0, 0, 0]],
  ])("%j becomes %j: the longest known phrase wins at each place", (text, expected) => {
    expect(ids(text)).toEqual(expected);
    expect(warnings(text)).toEqual([]);
  });

  test("unknown words are left out and named, each once", () => {
    expect(ids("a red dragon and a dragon über ball")).toEqual([1, 4, 3, 0, 0, 0]);
    expect(warnings("a red dragon and a dragon über ball")).toEqual([
      {
        code: "unknown_words",
        message: expect.stringContaining("dragon, über"),
        words: ["dragon", "über"],
      },
    ]);
  });

  test("a prompt of which nothing is known says so", () => {
    expect(warnings("dragon")[0]!.message).toContain("no effect at all");
  });

  test("words beyond the model's room are cut and named", () => {
    expect(ids("up up up up up right red")).toEqual([1, 7, 7, 7, 7, 7]);
    expect(warnings("up up up up up right red")).toEqual([
      {
        code: "prompt_truncated",
        message: expect.stringContaining("reads 5 words"),
        words: ["right", "red"],
      },
    ]);
  });

  test("a hundred kilobytes of nonsense give a warning a person can read", () => {
    const [warning] = warnings(
      Array.from({ length: 15_000 }, (_, index) => `word${index}`).join(" "),
    );
    expect(warning!.words).toHaveLength(40);
    expect(warning!.message.length).toBeLessThan(1000);
    expect(warning!.message).toContain("and 14960 more");
  });
});
