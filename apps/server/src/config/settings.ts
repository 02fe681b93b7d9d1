import { z } from "zod";

/** How a setting is written on a command line, in the environment and in the file. */
interface SettingForm {
  readonly schema: z.ZodType;
  readonly help: string;
  /** Shown in --help: what the value looks like. */
  readonly value: string;
  readonly secret?: boolean;
  /** Relative paths of a file count from that file, those of environment and flags from the working directory. */
  readonly isPath?: boolean;
}

/** Environment and flags carry text, the file carries JSON: text is turned into what the schema wants, and only text. */
const fromText = <Schema extends z.ZodType>(convert: (text: string) => unknown, schema: Schema) =>
  z.preprocess((value) => (typeof value === "string" ? convert(value.trim()) : value), schema);
const wholeNumber = (min: number, max: number) =>
  fromText(
    (text) => (/^-?\d+$/.test(text) ? Number(text) : text),
    z.int(`must be a whole number from ${min} to ${max}`).min(min).max(max),
  );
const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  yes: true,
  no: false,
  on: true,
  off: false,
  1: true,
  0: false,
};
const flag = fromText(
  (text) => BOOLEANS[text.toLowerCase()] ?? text,
  z.boolean("must be true or false"),
);
const list = fromText(
  (text) =>
    text
      .split(",")
      .map((item) => item.trim())
      .filter(Boolean),
  z.array(z.string()),
);

/** Every setting of the server: the one place where names, bounds, defaults and help are written. */
export const SETTINGS = {
  host: {
    schema: z.string().min(1).default("127.0.0.1"),
    value: "ADDRESS",
    help: "Address to listen on; any other than loopback needs a token",
  },
  port: {
    schema: wholeNumber(0, 65_535).default(8000),
    value: "PORT",
    help: "Port to listen on; 0 takes a free one",
  },
  data_dir: {
    schema: z.string().min(1).default("./data"),
    value: "PATH",
    help: "Where takes, states and clips are kept",
    isPath: true,
  },
  token: {
    schema: z.string().min(1).nullable().default(null),
    value: "TOKEN",
    help: "Secret that every client must send",
    secret: true,
  },
  models_dir: {
    schema: z.string().min(1).nullable().default(null),
    value: "PATH",
    help: "Folder of model folders; the repository's own unless set",
    isPath: true,
  },
  default_model: {
    schema: z.string().min(1).nullable().default(null),
    value: "ID",
    help: "Model for requests that name none; the first one unless set",
  },
  max_queued: {
    schema: wholeNumber(1, 1_000_000).default(200),
    value: "COUNT",
    help: "Takes that may wait; one more is refused",
  },
  max_losses: {
    schema: wholeNumber(1, 1000).default(3),
    value: "COUNT",
    help: "Lost workers without a step of progress after which a take fails",
  },
  threads: {
    schema: wholeNumber(0, 1024).default(0),
    value: "COUNT",
    help: "Threads a worker may use; 0 means one for each core",
  },
  memory_budget_bytes: {
    schema: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0),
    value: "BYTES",
    help: "Memory for loaded models; 0 means half of the machine's",
  },
  video_encoder: {
    schema: z.string().min(1).default("auto"),
    value: "NAME",
    help: "auto, libx264, or a hardware encoder such as h264_nvenc",
  },
  allow_software_encoder: {
    schema: flag.default(true),
    value: "BOOLEAN",
    help: "Use libx264 where no hardware encoder works",
  },
  preview_interval_ms: {
    schema: wholeNumber(0, 3_600_000).default(100),
    value: "MS",
    help: "Least time between two previews of a forming clip; 0 = every step",
  },
  log_level: {
    schema: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
    value: "LEVEL",
    help: "debug, info, warn, error or silent",
  },
  allowed_hosts: {
    schema: list.default([]),
    value: "HOSTS",
    help: "Further host names the server may be called by, separated by commas",
  },
  max_body_bytes: {
    schema: wholeNumber(1024, 1 << 30).default(2 << 20),
    value: "BYTES",
    help: "Largest request body",
  },
  max_file_bytes: {
    schema: wholeNumber(1024, 1 << 29).default(32 << 20),
    value: "BYTES",
    help: "Largest form with a file (a first or last frame, a mask)",
  },
  max_bundle_bytes: {
    schema: wholeNumber(1024, Number.MAX_SAFE_INTEGER).default(64 * 2 ** 30),
    value: "BYTES",
    help: "Largest session bundle that may be imported",
  },
  storage_budget: {
    schema: wholeNumber(1, Number.MAX_SAFE_INTEGER).nullable().default(null),
    value: "BYTES",
    help: "Room for the states of all takes; above it those of finished takes are thinned out, oldest first. No limit unless set",
  },
  keep_every: {
    schema: wholeNumber(1, 1000).default(5),
    value: "COUNT",
    help: "Which steps stay when states are thinned out: every n-th, the last, and those that are needed",
  },
  max_streams: {
    schema: wholeNumber(1, 100_000).default(256),
    value: "COUNT",
    help: "Event streams and live views open at once",
  },
  stop_timeout_ms: {
    schema: wholeNumber(100, 600_000).default(20_000),
    value: "MS",
    help: "Time for a graceful stop before the process ends",
  },
} as const satisfies Record<string, SettingForm>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** What the server runs with. Names as in the configuration file. */
export type Config = {
  readonly [Name in SettingName]: z.output<(typeof SETTINGS)[Name]["schema"]>;
};

/** Variables with our prefix that other programs of this repository read. */
export const FOREIGN_VARIABLES: readonly string[] = ["ARC_CONFIG", "ARC_SERVER", "ARC_CHROMIUM"];

export const variableOf = (name: SettingName): string => `ARC_${name.toUpperCase()}`;
export const flagOf = (name: SettingName): string => `--${name.replaceAll("_", "-")}`;
export const formOf = (name: SettingName): SettingForm => SETTINGS[name];
