import { defineCommand, type CommandSpec } from "./command-spec.ts";
import { clipOptions, json, server } from "./common-options.ts";

const streamArgument = {
  name: "STREAM",
  required: true,
  help: 'A stream\'s id, the id of one of its blocks, or "last" for the newest stream',
} as const;

/** What of a stream may change while it runs. */
const changes = {
  prompt: { short: "p", value: "TEXT", help: "What the blocks to come show" },
  negative: { value: "TEXT", help: "What they should not show" },
  guidance: { value: "SCALE", kind: "number", help: "How closely they follow the prompt" },
  steps: {
    value: "COUNT",
    kind: "int",
    help: "Denoising steps of each part of a block that is made at once",
  },
  blocks: {
    value: "COUNT",
    kind: "int",
    help: "How many blocks the stream has in all; then it pauses",
  },
} as const;

const following = {
  ...clipOptions,
  output: {
    short: "o",
    value: "FILE",
    help: "When all blocks are made, end the stream and save them as one MP4; a file or a folder [the stream stays open and nothing is saved]",
  },
  detach: { help: "Do not wait for the blocks: print the stream's id and leave a server running" },
  "no-progress": { help: "Print nothing until the blocks are made" },
} as const;

const CTRL_C = "Ctrl-C pauses the stream; arc stream resume goes on.";

/** Clips that grow block by block while their prompt may change. */
export const STREAM_COMMANDS = {
  stream: defineCommand({
    summary: "Make a clip that grows block by block",
    details:
      "The first block is a clip of the model's usual length; each one after it goes on from the frames before. While it runs, " +
      "arc stream change gives the blocks to come another prompt, arc stream back goes on from an earlier block, and " +
      `arc stream finalize makes one clip of them. Every block is a take: it can be shown, downloaded, forked. ${CTRL_C}`,
    arguments: [{ name: "PROMPT", required: true, many: true, help: "What the first blocks show" }],
    options: {
      blocks: { ...changes.blocks, help: `${changes.blocks.help} [8]` },
      "block-frames": {
        value: "COUNT",
        kind: "int",
        help: "Frames of each block after the first [8]",
      },
      model: { short: "m", value: "ID", help: "Model, see arc models [the server's default]" },
      seed: {
        value: "NUMBER",
        kind: "int",
        help: "Start of the noise: the same seed and settings give the same blocks [random]",
      },
      fps: { value: "RATE", kind: "int", help: "Frames a second" },
      steps: changes.steps,
      guidance: changes.guidance,
      negative: changes.negative,
      ...following,
    },
    examples: [
      [
        'arc stream "a red ball bounces on a green meadow" --blocks 4',
        "a clip and three more blocks",
      ],
      ['arc stream "a red ball bounces" --blocks 6 -o ball.mp4', "and all of them as one file"],
      ['arc stream change last --prompt "a blue ball bounces"', "meanwhile, in another terminal"],
      ["arc stream back last 2", "the third block once more, another way"],
    ],
  }),
  "stream watch": defineCommand({
    summary: "Follow the blocks of a stream that runs",
    details: "Ctrl-C leaves the stream as it is.",
    arguments: [streamArgument],
    options: following,
    examples: [["arc stream watch last", "until it pauses or has all its blocks"]],
  }),
  "stream show": defineCommand({
    summary: "Show a stream: its blocks in order, each with its prompt",
    arguments: [streamArgument],
    options: { ...json, ...server },
    examples: [["arc stream show last", "numbers for arc stream back"]],
  }),
  "stream change": defineCommand({
    summary: "Change a stream's prompt or settings, from its next block on",
    details:
      "The block that is being made stays as it is. Works while the stream runs and while it is paused.",
    arguments: [streamArgument],
    options: { ...changes, ...json, ...server },
    examples: [
      [
        'arc stream change last --prompt "a blue ball bounces on a green meadow"',
        "from the next block on",
      ],
      ["arc stream change last --blocks 20", "let it grow longer"],
    ],
  }),
  "stream pause": defineCommand({
    summary: "Make no further blocks of a stream",
    details: "The block that is being made is finished.",
    arguments: [streamArgument],
    options: { ...json, ...server },
    examples: [["arc stream pause last", "it can go on days or restarts later"]],
  }),
  "stream resume": defineCommand({
    summary: "Let a stream make more blocks, and follow them",
    details: `Settings that are given are changed first. ${CTRL_C}`,
    arguments: [streamArgument],
    options: { ...changes, ...following },
    examples: [
      ["arc stream resume last", "where it was paused"],
      ["arc stream resume last --blocks 12", "up to twelve blocks in all"],
    ],
  }),
  "stream back": defineCommand({
    summary: "Go on from an earlier block of a stream",
    details:
      "A block that is being made is given up. What was made after the block that is gone back to stays in the session: " +
      "arc tree shows it, and arc stream back with the id of such a take goes there again. Settings that are given are changed first.",
    arguments: [
      streamArgument,
      {
        name: "BLOCK",
        required: true,
        help: "The block's number in arc stream show, or the id of a take",
      },
    ],
    options: { ...changes, ...json, ...server },
    examples: [
      ["arc stream back last 2", "what comes after the second block is made anew"],
      ['arc stream back last 2 --prompt "a blue ball bounces"', "with another prompt"],
    ],
  }),
  "stream finalize": defineCommand({
    summary: "End a stream and save its blocks as one clip",
    details: "Takes no denoising. A block that is being made is given up; no more are made.",
    arguments: [streamArgument],
    options: clipOptions,
    examples: [["arc stream finalize last -o ball.mp4", "from the first block to the newest"]],
  }),
  streams: defineCommand({
    summary: "List streams, newest first",
    arguments: [],
    options: { ...json, ...server },
    examples: [["arc streams", "which one runs?"]],
  }),
} as const satisfies Record<string, CommandSpec>;

export type StreamChangeOptions = {
  readonly prompt?: string;
  readonly negative?: string;
  readonly guidance?: number;
  readonly steps?: number;
  readonly blocks?: number;
};
