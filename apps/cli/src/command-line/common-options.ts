import type { OptionsOf } from "./command-spec.ts";

export const json = { json: { help: "Print one JSON object instead of text" } } as const;

/** Options of every command that talks to a server. */
export const server = {
  server: {
    value: "URL",
    help: "Use this server [ARC_SERVER]; otherwise a running one is found, or one is started for this command",
  },
  token: { value: "TOKEN", help: "The server's token [ARC_TOKEN]" },
  "data-dir": { value: "PATH", help: "Where takes and clips are kept [ARC_DATA_DIR, ./data]" },
} as const;

export const takeArgument = {
  name: "TAKE",
  required: true,
  help: 'A take\'s id, or "last" for the newest one',
} as const;

export const takesArgument = {
  name: "TAKE",
  required: true,
  many: true,
  help: 'Ids of takes, or "last" for the newest one',
} as const;

export const sessionArgument = {
  name: "SESSION",
  required: false,
  help: "A session's id, or the id of one of its takes [the session of the newest take]",
} as const;

/** Options of every command that makes a clip: where it goes, and what is told meanwhile. */
export const clipOptions = {
  output: {
    short: "o",
    value: "FILE",
    help: 'The MP4 to write, replaced if it exists; a folder; or "-" for standard output [a name made from the prompt]',
  },
  detach: { help: "Do not wait for the video: print the take's id and leave a server running" },
  "no-progress": { help: "Print nothing until the video is there" },
  "keep-server": {
    help: "Leave a server that was started for this command running, until arc stop",
  },
  ...json,
  ...server,
} as const;
export type ClipOptions = OptionsOf<typeof clipOptions>;

/** How takes queue up and are called. */
export const queueOptions = {
  priority: {
    value: "NUMBER",
    kind: "int",
    help: "-10 to 10: a higher one runs earlier and interrupts a lower one, which then goes on [0]",
  },
  title: { value: "TEXT", help: "A name for the take" },
} as const;

export const CTRL_C =
  "While it runs, Ctrl-C cancels the take; a second Ctrl-C leaves at once. " +
  "A lost server is waited for or started again: the take goes on from its last stored step.";

export const reuseOptions = {
  "no-reuse": { help: "Compute every step, also those that are stored from an equal take" },
} as const;
