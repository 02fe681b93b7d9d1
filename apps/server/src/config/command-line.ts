import { parseArgs } from "node:util";
import { FabricError } from "@arc-fabric/contract";
import { suggestion } from "./closest-name.ts";
import { flagOf, formOf, SETTING_NAMES, type SettingName } from "./settings.ts";

/** Flags that are not settings: they say what this one start does. */
export const START_FLAGS = {
  "--config": { value: "FILE", help: "Configuration file (JSON) instead of ./arc.config.json" },
  "--no-studio-build": {
    value: null,
    help: "Serve the studio as it is, without building it first",
  },
  "--exit-with-stdin": {
    value: null,
    help: "Stop when standard input ends (for programs that start a server)",
  },
  "--print-config": { value: null, help: "Print the configuration, secrets masked, and exit" },
  "--version": { value: null, help: "Print the version and exit" },
  "--help": { value: null, help: "Print this help and exit" },
} as const;

export interface CommandLine {
  readonly settings: Partial<Record<SettingName, string>>;
  readonly configFile: string | null;
  readonly studioBuild: boolean;
  readonly exitWithStdin: boolean;
  readonly action: "serve" | "print-config" | "version" | "help";
}

/** @throws FabricError `config_invalid` for an unknown flag, one without its value, or a stray word */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const bare = Object.entries(START_FLAGS)
    .filter(([, { value }]) => value === null)
    .map(([name]) => name);
  const valued = new Map<string, SettingName | null>([
    ["--config", null],
    ...SETTING_NAMES.map((name) => [flagOf(name), name] as const),
  ]);
  const settings: Partial<Record<SettingName, string>> = {};
  const seen = new Set<string>();
  let configFile: string | null = null;

  const options = Object.fromEntries(
    [...valued.keys()].map((name) => [name.slice(2), { type: "string" as const }]),
  );
  const { tokens } = parseArgs({
    args: normaliseShort(args),
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional")
      throw new FabricError(
        "config_invalid",
        `"${token.value}" is not a flag. Settings are written as --name value; --help lists them.`,
      );
    const name = token.rawName;
    if (bare.includes(name)) {
      seen.add(name);
      continue;
    }
    const setting = valued.get(name);
    if (setting === undefined)
      throw new FabricError(
        "config_invalid",
        `There is no flag ${name}.${suggestion(name, [...bare, ...valued.keys()])} --help lists them.`,
      );
    if (token.value === undefined)
      throw new FabricError("config_invalid", `The flag ${name} needs a value.`);
    if (setting === null) configFile = token.value;
    else settings[setting] = token.value;
  }

  const action = seen.has("--help")
    ? "help"
    : seen.has("--version")
      ? "version"
      : seen.has("--print-config")
        ? "print-config"
        : "serve";
  return {
    settings,
    configFile,
    studioBuild: !seen.has("--no-studio-build"),
    exitWithStdin: seen.has("--exit-with-stdin"),
    action,
  };
}

const normaliseShort = (args: readonly string[]) =>
  args.map((arg) => (arg === "-h" ? "--help" : arg === "-v" ? "--version" : arg));

export function helpText(): string {
  const settings = SETTING_NAMES.map(
    (name) =>
      [`${flagOf(name)} ${formOf(name).value}`, `${formOf(name).help}${defaultOf(name)}`] as const,
  );
  const flags = Object.entries(START_FLAGS).map(
    ([name, { value, help }]) => [value ? `${name} ${value}` : name, help] as const,
  );
  const width = Math.max(...[...settings, ...flags].map(([left]) => left.length));
  const table = (rows: readonly (readonly [string, string])[]) =>
    rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
  return `Arc Fabric: generative video as durable, long-lived sessions

Usage: npm start -- [flags]

Settings
${table(settings)}

This start
${table(flags)}

Each setting can also be set by a variable (--data-dir is ARC_DATA_DIR) or in arc.config.json
({"data_dir": "/srv/arc"}). Flags win over variables, variables over the file, the file over the defaults.

Examples
  npm start                                    serve the studio on http://127.0.0.1:8000
  npm start -- --port 0 --data-dir /tmp/try    a free port and a throw-away data directory
  ARC_TOKEN=$(openssl rand -hex 32) npm start -- --host 0.0.0.0
`;
}

function defaultOf(name: SettingName): string {
  const value = formOf(name).schema.parse(undefined);
  return value === null || (Array.isArray(value) && value.length === 0)
    ? ""
    : ` [${String(value)}]`;
}
