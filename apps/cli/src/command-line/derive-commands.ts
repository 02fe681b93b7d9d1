import { defineCommand, type CommandSpec } from "./command-spec.ts";
import {
  clipOptions,
  queueOptions,
  reuseOptions,
  takeArgument,
  takesArgument,
} from "./common-options.ts";

const changes = {
  prompt: { short: "p", value: "TEXT", help: "What the video shows [the prompt of TAKE]" },
  negative: { value: "TEXT", help: "What the video should not show" },
  guidance: { value: "SCALE", kind: "number", help: "How closely the video follows the prompt" },
  ...reuseOptions,
} as const;
const seed = {
  value: "NUMBER",
  kind: "int",
  help: "Start of the new noise: the same seed and settings give the same video [random]",
} as const;
const plan = {
  plan: { help: "Only print what would be computed, reused and how long it would take" },
} as const;
const growth = {
  ...changes,
  steps: {
    value: "COUNT",
    kind: "int",
    help: "Denoising steps of each part that is made at once [as TAKE]",
  },
  seed,
  context: {
    value: "COUNT",
    kind: "int",
    help: "Groups of frames of the clip that each new part looks at, 1 to 8: more fit the clip better, fewer take less time [the server's choice]",
  },
  ...queueOptions,
  ...plan,
  ...clipOptions,
} as const;

/** Commands that make a new take from another one. The other one stays as it is. */
export const DERIVE_COMMANDS = {
  fork: defineCommand({
    summary: "Go on from a step of a take with something changed",
    details:
      "The steps up to the one given by --at are reused, the rest is computed anew: the earlier the step, the more changes. " +
      "arc show TAKE lists the steps that are stored.",
    arguments: [takeArgument],
    options: {
      at: { value: "STEP", kind: "int", help: "The last step that is kept; 0 keeps none" },
      ...changes,
      solver: {
        value: "NAME",
        kind: "choice",
        choices: ["euler", "dpmpp_2m"],
        help: "How a step is computed: euler or dpmpp_2m",
      },
      history: {
        value: "WHAT",
        kind: "choice",
        choices: ["carry", "reset"],
        help: "Whether the solver uses what it knows of the steps before: carry or reset [carry, unless solver or model change]",
      },
      steps: { value: "COUNT", kind: "int", help: "How many steps follow [the rest of TAKE]" },
      sigmas: {
        value: "LEVELS",
        kind: "levels",
        help: "Noise levels after each step that follows, falling to 0 from that of STEP in arc show TAKE: 0.6,0.3,0; instead of --steps",
      },
      model: { short: "m", value: "ID", help: "Another model of the same latent space" },
      seed: { ...seed, help: "Other noise; only with --at 0, where all noise is drawn" },
      cache: {
        value: "S:E:N",
        kind: "cache",
        help: "In steps S to E, counted from 0, compute only every N-th prediction and use it again in between",
      },
      ...queueOptions,
      ...plan,
      ...clipOptions,
    },
    examples: [
      [
        'arc fork last --at 6 --prompt "a blue ball bounces on a green meadow"',
        "the same motion in another colour, for the price of the steps after the 6th",
      ],
      ["arc fork last --at 6 --model zoetrope-m --steps 8", "a larger model draws the rest"],
      ["arc fork last --at 6 --guidance 7 --plan", "what would that take?"],
    ],
  }),
  edit: defineCommand({
    summary: "Make a part of a clip anew and keep the rest exactly",
    details:
      "The part is a range of time, an area of the picture, or both. What is outside keeps its latents bit for bit; " +
      "the last line printed says whether that held. Areas are in percent of the picture, from its top left corner.",
    arguments: [takeArgument],
    options: {
      frames: {
        value: "FROM-TO",
        kind: "frames",
        help: "Frames to change, counted from 0; TO is the first one after them [all]",
      },
      seconds: { value: "FROM-TO", kind: "seconds", help: "The same in seconds" },
      area: {
        value: "X,Y,W,H",
        kind: "rectangle",
        help: "Rectangle to change, in percent: left, top, width, height [the whole picture]",
      },
      polygon: {
        value: "POINTS",
        kind: "polygon",
        help: 'The same as a polygon: "10,10 90,10 50,90"',
      },
      mask: {
        value: "PNG",
        help: "The same as a picture of the clip's size: white is made anew",
      },
      ...changes,
      strength: {
        value: "SHARE",
        kind: "number",
        help: "Share of the steps made again, up to 1: less stays closer to what was there [1]",
      },
      feather: {
        value: "PERCENT",
        kind: "number",
        help: "Width of a soft border outside the area, which then counts as changed [0]",
      },
      seed,
      ...queueOptions,
      ...plan,
      ...clipOptions,
    },
    examples: [
      [
        'arc edit last --seconds 1-2 --prompt "a blue ball bounces on a green meadow"',
        "the second second anew; the rest stays",
      ],
      [
        'arc edit last --area 50,0,50,100 --prompt "a yellow ball rises at night" --strength 0.7',
        "the right half, not too far from what was there",
      ],
      ['arc edit last --mask sky.png --prompt "at night"', "what is white in sky.png"],
    ],
  }),
  extend: defineCommand({
    summary: "Make a clip longer, at its end or at its beginning",
    arguments: [takeArgument],
    options: {
      frames: { value: "COUNT", kind: "int", help: "How many frames are added [16]" },
      backward: { help: "Add them before the beginning" },
      ...growth,
    },
    examples: [
      ["arc extend last", "16 more frames"],
      [
        'arc extend last --frames 32 --prompt "a red ball moves right on a green meadow"',
        "and something new happens",
      ],
      ["arc extend last --backward", "what came before?"],
    ],
  }),
  insert: defineCommand({
    summary: "Make new frames between two frames of a clip",
    arguments: [takeArgument],
    options: {
      at: { value: "FRAME", kind: "int", help: "The new frames come before this one" },
      frames: { value: "COUNT", kind: "int", help: "How many" },
      ...growth,
    },
    examples: [["arc insert last --at 9 --frames 8", "one second more in the middle, at 8 fps"]],
  }),
  loop: defineCommand({
    summary: "Make frames that lead from a clip's end back to its beginning",
    arguments: [takeArgument],
    options: {
      frames: { value: "COUNT", kind: "int", help: "How many frames the way back has [8]" },
      ...growth,
    },
    examples: [["arc loop last -o loop.mp4", "a clip that can be played without end"]],
  }),
  concat: defineCommand({
    summary: "Put clips one after the other",
    arguments: [{ ...takesArgument, help: "Two takes or more, in order; ids or last" }],
    options: { ...queueOptions, ...plan, ...clipOptions },
    examples: [["arc concat TAKE TAKE -o both.mp4", "one clip of two; nothing is denoised"]],
  }),
  continue: defineCommand({
    summary: "Make one block that goes on from a take",
    details:
      "The way to make a stream by hand; arc stream makes one by itself. A block is a take that shows only its own frames and goes on from TAKE, the first clip or an earlier block. " +
      "Continue from any block to go another way from there; arc finalize makes one clip of them.",
    arguments: [takeArgument],
    options: {
      frames: { value: "COUNT", kind: "int", help: "Frames of the block [16]" },
      ...growth,
    },
    examples: [
      [
        'arc continue last --prompt "a blue ball bounces on a green meadow"',
        "the next block, with a new prompt",
      ],
    ],
  }),
  finalize: defineCommand({
    summary: "Put blocks that follow each other together as one clip",
    arguments: [{ ...takeArgument, help: "The last block; the ones before are found" }],
    options: { ...queueOptions, ...plan, ...clipOptions },
    examples: [["arc finalize last -o stream.mp4", "from the first clip to the newest block"]],
  }),
} as const satisfies Record<string, CommandSpec>;
