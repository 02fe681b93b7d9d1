import { defineCommand, type CommandSpec } from "./command-spec.ts";
import {
  clipOptions,
  json,
  server,
  sessionArgument,
  takeArgument,
  takesArgument,
} from "./common-options.ts";

/** Commands that look after takes and sessions without making a new clip. */
export const TRAJECTORY_COMMANDS = {
  pause: defineCommand({
    summary: "Stop takes so that they can go on later",
    details:
      "A take that runs stops at the end of its present step and frees its worker. It can go on hours or restarts later.",
    arguments: [takesArgument],
    options: { ...json, ...server },
    examples: [["arc pause last", "within one step"]],
  }),
  resume: defineCommand({
    summary: "Let a paused take go on from its last step, and save its video",
    details: "Ctrl-C pauses it again.",
    arguments: [takeArgument],
    options: clipOptions,
    examples: [
      ["arc resume last -o ball.mp4", "where it was paused"],
      ["arc resume last --detach", "and do not wait for it"],
    ],
  }),
  tree: defineCommand({
    summary: "Draw a session: which take was made from which, and what it cost",
    arguments: [sessionArgument],
    options: { ...json, ...server },
    examples: [["arc tree", "the session of the newest take"]],
  }),
  compare: defineCommand({
    summary: "Show how two takes differ: settings, shared steps, frames",
    arguments: [
      { name: "A", required: true, help: 'A completed take\'s id, or "last" for the newest take' },
      { name: "B", required: true, help: "Another one" },
    ],
    options: {
      output: {
        short: "o",
        value: "FILE",
        help: "Also write a JPEG of the difference of their frames, brighter where more",
      },
      ...json,
      ...server,
    },
    examples: [["arc compare TAKE last -o difference.jpg", "what did the change change?"]],
  }),
  rename: defineCommand({
    summary: "Give a take or a session a title",
    arguments: [
      {
        name: "TAKE",
        required: true,
        help: "A take's id, \"last\" for the newest one, or a session's id",
      },
      { name: "TITLE", required: false, many: true, help: "Its title" },
    ],
    options: { remove: { help: "Take a take's title away instead" }, ...json, ...server },
    examples: [
      ['arc rename last "the good one"', "shown in arc takes and arc tree"],
      ["arc rename SESSION red balls", "arc storage lists sessions"],
    ],
  }),
  head: defineCommand({
    summary: "Choose the take of a session that is worked on",
    details:
      "The studio opens a session at its head. Undo is choosing an earlier take: what was made after it stays.",
    arguments: [takeArgument],
    options: { ...json, ...server },
    examples: [["arc head TAKE", "go back to it; arc tree shows the head"]],
  }),
  tag: defineCommand({
    summary: "Give a take tags",
    arguments: [takeArgument, { name: "TAG", required: true, many: true, help: "Tags to add" }],
    options: { remove: { help: "Take these tags away instead" }, ...json, ...server },
    examples: [
      ["arc tag last good keep", "two tags"],
      ["arc tag last keep --remove", "one fewer"],
    ],
  }),
  label: defineCommand({
    summary: "Name a step of a take, which also keeps its state from being thinned out",
    arguments: [
      takeArgument,
      { name: "STEP", required: true, help: "The step's number" },
      { name: "NAME", required: false, help: "Its name" },
    ],
    options: { remove: { help: "Take the name away instead" }, ...json, ...server },
    examples: [
      ['arc label last 8 "shape is there"', "a good step to fork at"],
      ["arc label last 8 --remove", "no name any more"],
    ],
  }),
  export: defineCommand({
    summary: "Save a session with all its takes and steps as one file",
    arguments: [sessionArgument],
    options: {
      output: {
        short: "o",
        value: "FILE",
        help: 'The file to write, replaced if it exists; a folder; or "-" for standard output [a name made from the session\'s title]',
      },
      ...json,
      ...server,
    },
    examples: [["arc export -o ball.arc.tar", "the session of the newest take"]],
  }),
  import: defineCommand({
    summary: "Bring in a session from a file of arc export",
    details: "Every digest is checked; a file that is damaged changes nothing.",
    arguments: [{ name: "FILE", required: true, help: "What arc export has written" }],
    options: { ...json, ...server },
    examples: [["arc import ball.arc.tar", "its takes can be played, forked and edited here"]],
  }),
  storage: defineCommand({
    summary: "Show what stored steps and files take on the disk, or remove steps nothing needs",
    details:
      "Thinning keeps every N-th step of finished takes, the last ones, those with a name, and those that other takes " +
      "begin with or read. Videos stay.",
    arguments: [],
    options: {
      thin: { value: "N", kind: "int", help: "Keep every N-th step and remove the others" },
      session: { value: "SESSION", help: "Only this session [all]" },
      "dry-run": { help: "Only say what --thin would remove" },
      ...json,
      ...server,
    },
    examples: [
      ["arc storage", "how much, by session"],
      ["arc storage --thin 5 --dry-run", "what would be gained?"],
    ],
  }),
} as const satisfies Record<string, CommandSpec>;
