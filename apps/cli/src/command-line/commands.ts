import { TAKE_STATUSES } from "@arc-fabric/contract";
import { defineCommand, type CommandSpec, type OptionsOf } from "./command-spec.ts";
import {
  clipOptions,
  CTRL_C,
  json,
  queueOptions,
  reuseOptions,
  server,
  takeArgument,
  takesArgument,
} from "./common-options.ts";
import { DERIVE_COMMANDS } from "./derive-commands.ts";
import { STREAM_COMMANDS } from "./stream-commands.ts";
import { TRAJECTORY_COMMANDS } from "./trajectory-commands.ts";

const { detach: _detach, ...watchOptions } = clipOptions;

/** Every command: parser, --help and docs/cli.md are derived from this table. */
export const COMMANDS = {
  generate: defineCommand({
    summary: "Make a video from a prompt",
    details: `Works whether or not a server is running. ${CTRL_C}`,
    arguments: [
      {
        name: "PROMPT",
        required: true,
        many: true,
        help: 'What the video shows; "-" reads it from standard input',
      },
    ],
    options: {
      model: { short: "m", value: "ID", help: "Model, see arc models [the server's default]" },
      seed: {
        value: "NUMBER",
        kind: "int",
        help: "Start of the noise: the same seed and settings give the same video [random]",
      },
      frames: {
        value: "COUNT",
        kind: "int",
        help: "Number of frames [the model's default, like all that follow]",
      },
      fps: { value: "RATE", kind: "int", help: "Frames a second" },
      steps: {
        value: "COUNT",
        kind: "steps",
        help: "Denoising steps: more take longer and look better; few: the model's quick schedule",
      },
      guidance: {
        value: "SCALE",
        kind: "number",
        help: "How closely the video follows the prompt",
      },
      negative: { value: "TEXT", help: "What the video should not show" },
      size: { value: "WxH", kind: "size", help: "Width and height in pixels" },
      solver: {
        value: "NAME",
        kind: "choice",
        choices: ["euler", "dpmpp_2m"],
        help: "How a step is computed: euler or dpmpp_2m",
      },
      shift: {
        value: "FACTOR",
        kind: "number",
        help: "Above 1 spends more steps where noise is high",
      },
      "frame-lag": {
        value: "STEPS",
        kind: "int",
        help: "Steps by which each group of frames trails the one before",
      },
      stages: {
        value: "STAGES",
        kind: "stages",
        help: "Models that share the steps one after the other, all of one latent space: zoetrope-s:8,zoetrope-m:12; default: as the model has it",
      },
      cache: {
        value: "S:E:N",
        kind: "cache",
        help: "In steps S to E, counted from 0, compute only every N-th prediction and use it again in between",
      },
      "first-frame": {
        value: "FILE",
        help: "A picture that the video begins with; PNG, JPEG or WebP, cropped from the middle to the video's shape",
      },
      "last-frame": { value: "FILE", help: "A picture that the video ends with, likewise" },
      ...reuseOptions,
      session: { value: "SESSION", help: "Put it into this session [a new one]" },
      ...queueOptions,
      estimate: { help: "Only print what would be computed, reused and how long it would take" },
      ...clipOptions,
    },
    examples: [
      ['arc generate "a red ball bounces on a green meadow" -o ball.mp4', "make a video"],
      [
        'arc generate "a blue star spins at night" --seed 7 --steps 30',
        "the same video every time, with more steps",
      ],
      [
        'arc generate "a red ball bounces" --stages zoetrope-s:8,zoetrope-m:12',
        "a small model begins, a larger one finishes",
      ],
      [
        'arc generate "a red ball moves right" --first-frame left.png --last-frame right.png --frames 33',
        "between two pictures, which are kept",
      ],
      ['arc generate "a red ball bounces" --estimate', "how long would it take?"],
      ['arc generate "a red ball bounces" --json --no-progress', "for scripts"],
    ],
  }),
  ...DERIVE_COMMANDS,
  ...STREAM_COMMANDS,
  models: defineCommand({
    summary: "List the models, or show what one can do",
    arguments: [
      { name: "MODEL", required: false, help: "Shows this model's limits, defaults and words" },
    ],
    options: { ...json, ...server },
    examples: [
      ["arc models", "list them"],
      ["arc models zoetrope-s", "limits, defaults, the words it knows, example prompts"],
    ],
  }),
  takes: defineCommand({
    summary: "List what was made, newest first",
    arguments: [],
    options: {
      limit: { short: "n", value: "COUNT", kind: "int", help: "At most this many, 1 to 100 [20]" },
      status: {
        value: "STATUS",
        kind: "choice",
        choices: TAKE_STATUSES,
        help: `Only these: ${TAKE_STATUSES.join(", ")}`,
      },
      after: { value: "TAKE", help: "The page that follows this take" },
      ...json,
      ...server,
    },
    examples: [
      ["arc takes", "the newest twenty"],
      ["arc takes --status failed -n 5", "the newest five that failed"],
    ],
  }),
  show: defineCommand({
    summary: "Show one take: settings, where it comes from, progress, stored steps, files, errors",
    arguments: [takeArgument],
    options: { ...json, ...server },
    examples: [["arc show last", "the newest take"]],
  }),
  watch: defineCommand({
    summary: "Follow a take that waits or runs, until it is done",
    details: "Ctrl-C leaves it as it is.",
    arguments: [takeArgument],
    options: {
      ...watchOptions,
      output: {
        short: "o",
        value: "FILE",
        help: 'Save its video: the MP4 to write, replaced if it exists; a folder; or "-" for standard output [nothing is saved]',
      },
    },
    examples: [
      ["arc watch last", "one that was started with --detach"],
      ["arc watch last -o ball.mp4", "and save its video"],
    ],
  }),
  draft: defineCommand({
    summary: "Save the frames that the model expects at a step",
    details:
      "They are computed from the stored step, with one look of the model; the take is not touched. Side by side in one JPEG.",
    arguments: [takeArgument, { name: "STEP", required: true, help: "The step's number" }],
    options: {
      output: {
        short: "o",
        value: "FILE",
        help: "The JPEG to write, replaced if it exists; or a folder [a name made from take and step]",
      },
      ...json,
      ...server,
    },
    examples: [["arc draft last 5 -o early.jpg", "is it worth going on from here?"]],
  }),
  download: defineCommand({
    summary: "Save a take's video",
    arguments: [takeArgument],
    options: {
      output: {
        short: "o",
        value: "FILE",
        help: 'The file to write, replaced if it exists; a folder; or "-" for standard output [a name made from the prompt]',
      },
      variant: {
        value: "KIND",
        kind: "choice",
        choices: ["video", "thumbnail", "spritesheet"],
        help: "video, thumbnail or spritesheet [video]",
      },
      ...json,
      ...server,
    },
    examples: [
      ["arc download last -o ball.mp4", "the newest video"],
      ["arc download last --variant spritesheet -o frames.jpg", "all its frames in one picture"],
    ],
  }),
  logs: defineCommand({
    summary: "Print what server and worker logged for a take",
    arguments: [takeArgument],
    options: {
      limit: { short: "n", value: "COUNT", kind: "int", help: "The newest lines, 1 to 1000 [200]" },
      ...json,
      ...server,
    },
    examples: [["arc logs last", "why did it fail?"]],
  }),
  cancel: defineCommand({
    summary: "Stop takes that wait or run",
    arguments: [takesArgument],
    options: { ...json, ...server },
    examples: [["arc cancel last", "stop the newest take within one step"]],
  }),
  delete: defineCommand({
    summary: "Delete finished takes with their files",
    details:
      "A take that others were made from is kept as long as they are there: they read its steps.",
    arguments: [takesArgument],
    options: {
      yes: { short: "y", help: "Do not ask first" },
      "with-children": { help: "Also delete what was made from them, in their sessions" },
      ...json,
      ...server,
    },
    examples: [
      ["arc delete last --yes", "delete the newest take"],
      ["arc delete TAKE --with-children", "a whole branch of arc tree"],
    ],
  }),
  ...TRAJECTORY_COMMANDS,
  serve: defineCommand({
    summary: "Start the server with the studio",
    details: "The same as npm start. Takes the server's own flags: see arc serve --help.",
    arguments: [{ name: "FLAGS", required: false, many: true, help: "Flags of the server" }],
    options: {},
    examples: [
      ["arc serve", "the studio on http://127.0.0.1:8000"],
      ["arc serve --port 9000 --data-dir /srv/arc", "another port and place"],
    ],
    passThrough: true,
  }),
  stop: defineCommand({
    summary: "Stop the server that runs on the data directory",
    details: "A take that runs goes on from its last stored step when a server is started again.",
    arguments: [],
    options: { ...json, "data-dir": server["data-dir"] },
    examples: [["arc stop", "also one that arc generate --keep-server has left"]],
  }),
  status: defineCommand({
    summary: "Show whether a server runs and what it does",
    details: "Never starts one; exit code 1 when none runs.",
    arguments: [],
    options: { ...json, ...server },
    examples: [["arc status", "address, queue, workers"]],
  }),
  doctor: defineCommand({
    summary: "Check that everything needed is there",
    details:
      "Node, server, data directory, disk, models and video encoders. Starts a server for the check when none runs.",
    arguments: [],
    options: { ...json, ...server },
    examples: [["arc doctor", "a list of checks, each with what to do about it"]],
  }),
} as const satisfies Record<string, CommandSpec>;

export type CommandName = keyof typeof COMMANDS;
export const COMMAND_NAMES = Object.keys(COMMANDS) as CommandName[];
export const commandSpec = (name: CommandName): CommandSpec => COMMANDS[name];

/** The command line of one command, read and checked. */
export interface CommandInput<Name extends CommandName> {
  readonly words: readonly string[];
  readonly options: OptionsOf<(typeof COMMANDS)[Name]["options"]>;
}

export const EXIT_CODES = {
  ok: 0,
  failed: 1,
  usage: 2,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

export const EXIT_CODE_MEANING: Readonly<Record<ExitCode, string>> = {
  0: "done",
  1: "it failed; the reason is on standard error",
  2: "the command line is not right",
  130: "interrupted with Ctrl-C; the take is cancelled, or paused again by arc resume",
  143: "ended by SIGTERM or SIGHUP; the same",
};
