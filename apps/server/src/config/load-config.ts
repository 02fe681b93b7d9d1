import path from "node:path";
import { FabricError } from "@arc-fabric/contract";
import { z } from "zod";
import { suggestion } from "./closest-name.ts";
import {
  type Config,
  FOREIGN_VARIABLES,
  flagOf,
  formOf,
  SETTING_NAMES,
  type SettingName,
  variableOf,
} from "./settings.ts";

const DEFAULT_FILE = "arc.config.json";
const PREFIX = "ARC_";
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

export interface ConfigSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags: Partial<Record<SettingName, string>>;
  /** From --config. */
  readonly configFile: string | null;
  readonly workingDirectory: string;
  /** @returns null when there is no such file */
  readonly readFile: (path: string) => string | null;
}

export interface LoadedConfig {
  readonly config: Config;
  /** The file that was read, if any. */
  readonly file: string | null;
}

/**
 * Defaults < file < environment < flags, each value checked by the settings' table.
 * @throws FabricError `config_invalid` naming the setting and where it came from; `address_needs_token`
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const file = readConfigFile(sources);
  const fromEnvironment = readEnvironment(sources.environment);
  const values: Record<string, unknown> = {};
  for (const name of SETTING_NAMES)
    values[name] = readSetting(name, { file, fromEnvironment, sources });
  const config = values as unknown as Config;
  checkAddress(config);
  return { config, file: file?.path ?? null };
}

export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

/** The configuration as it may be shown: secrets are masked. */
export function maskSecrets(config: Config): Record<string, unknown> {
  return Object.fromEntries(
    SETTING_NAMES.map((name) => [
      name,
      formOf(name).secret && config[name] !== null ? "********" : config[name],
    ]),
  );
}

interface ConfigFile {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function readSetting(
  name: SettingName,
  from: {
    file: ConfigFile | null;
    fromEnvironment: Partial<Record<SettingName, string>>;
    sources: ConfigSources;
  },
): unknown {
  const { file, fromEnvironment, sources } = from;
  const [raw, origin, base] =
    sources.flags[name] !== undefined
      ? [sources.flags[name], `flag ${flagOf(name)}`, sources.workingDirectory]
      : fromEnvironment[name] !== undefined
        ? [fromEnvironment[name], `variable ${variableOf(name)}`, sources.workingDirectory]
        : file && Object.hasOwn(file.values, name)
          ? [file.values[name], `"${name}" in ${file.path}`, path.dirname(file.path)]
          : [undefined, "default", sources.workingDirectory];
  const { schema, isPath, secret } = formOf(name);
  const result = schema.safeParse(raw);
  if (!result.success) {
    const shown = secret ? "the value" : JSON.stringify(raw);
    const reason = result.error.issues[0]?.message ?? "it is not accepted";
    throw new FabricError("config_invalid", `The ${origin} has ${shown}: ${reason}.`, {
      details: { setting: name },
    });
  }
  return isPath && typeof result.data === "string" ? path.resolve(base, result.data) : result.data;
}

function readConfigFile({
  configFile,
  environment,
  workingDirectory,
  readFile,
}: ConfigSources): ConfigFile | null {
  const named = configFile ?? environment["ARC_CONFIG"] ?? null;
  const filePath = path.resolve(workingDirectory, named || DEFAULT_FILE);
  const text = readFile(filePath);
  if (text === null) {
    if (named)
      throw new FabricError("config_invalid", `The configuration file ${filePath} cannot be read.`);
    return null;
  }
  const parsed = z.record(z.string(), z.unknown()).safeParse(parseJson(text, filePath));
  if (!parsed.success)
    throw new FabricError(
      "config_invalid",
      `The configuration file ${filePath} must hold a JSON object.`,
    );
  for (const key of Object.keys(parsed.data))
    if (!(SETTING_NAMES as readonly string[]).includes(key))
      throw new FabricError(
        "config_invalid",
        `The configuration file ${filePath} has an unknown setting "${key}".${suggestion(key, SETTING_NAMES)}`,
      );
  return { path: filePath, values: parsed.data };
}

function parseJson(text: string, filePath: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FabricError(
      "config_invalid",
      `The configuration file ${filePath} is not valid JSON: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

function readEnvironment(
  environment: ConfigSources["environment"],
): Partial<Record<SettingName, string>> {
  const byVariable = new Map(SETTING_NAMES.map((name) => [variableOf(name), name]));
  const values: Partial<Record<SettingName, string>> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || value === undefined || FOREIGN_VARIABLES.includes(variable))
      continue;
    const name = byVariable.get(variable);
    if (!name)
      throw new FabricError(
        "config_invalid",
        `The variable ${variable} is not known.${suggestion(variable, [...byVariable.keys(), ...FOREIGN_VARIABLES])}`,
      );
    // An empty variable is how a shell script unsets one.
    if (value !== "") values[name] = value;
  }
  return values;
}

function checkAddress({ host, token }: Config): void {
  if (token === null && !isLoopback(host))
    throw new FabricError(
      "address_needs_token",
      `The server would listen on ${host}, which other machines can reach, without a token.`,
      {
        details: { host },
      },
    );
}
