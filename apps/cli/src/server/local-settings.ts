import { readFileSync } from "node:fs";
import path from "node:path";
import { FabricError } from "@arc-fabric/contract";
import type { CliContext } from "../cli-context.ts";

/** The server's own configuration file and defaults, as far as one has to know them to find it. */
const DEFAULT_CONFIG_FILE = "arc.config.json";
const DEFAULT_PORT = 8000;
const DEFAULT_DATA_DIR = "data";

export interface ServerOptions {
  readonly server?: string;
  readonly token?: string;
  readonly "data-dir"?: string;
}

export interface LocalSettings {
  /** Given by the user: no other server will do. */
  readonly serverUrl: string | null;
  readonly token: string | undefined;
  readonly dataDirectory: string;
  /** Whether the user chose the data directory, so that a server on another one will not do. */
  readonly dataDirectoryChosen: boolean;
  readonly defaultUrl: string;
}

/** Flags over variables over the configuration file over defaults, as the server reads them. */
export function readLocalSettings(context: CliContext, options: ServerOptions): LocalSettings {
  const { environment, workingDirectory, userDirectory } = context;
  const file = readConfigFile(context);
  const flagDirectory = options["data-dir"] && path.resolve(userDirectory, options["data-dir"]);
  const variableDirectory =
    environment["ARC_DATA_DIR"] && path.resolve(workingDirectory, environment["ARC_DATA_DIR"]);
  const chosen = flagDirectory || variableDirectory || file.dataDirectory;
  return {
    serverUrl: options.server ?? (environment["ARC_SERVER"] || null),
    token: options.token ?? (environment["ARC_TOKEN"] || file.token),
    dataDirectory: chosen ?? path.resolve(workingDirectory, DEFAULT_DATA_DIR),
    dataDirectoryChosen: chosen !== undefined,
    defaultUrl: `http://127.0.0.1:${environment["ARC_PORT"] || file.port || DEFAULT_PORT}`,
  };
}

interface FileSettings {
  readonly dataDirectory?: string;
  readonly token?: string;
  readonly port?: number;
}

function readConfigFile({ environment, workingDirectory }: CliContext): FileSettings {
  const filePath = path.resolve(workingDirectory, environment["ARC_CONFIG"] || DEFAULT_CONFIG_FILE);
  let values: Record<string, unknown>;
  try {
    values = JSON.parse(readFileSync(filePath, "utf8")) as Record<string, unknown>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && !environment["ARC_CONFIG"]) return {};
    throw new FabricError(
      "config_invalid",
      `The configuration file ${filePath} cannot be read: ${(error as Error).message}.`,
      { cause: error },
    );
  }
  const { data_dir: dataDirectory, token, port } = values;
  return {
    ...(typeof dataDirectory === "string"
      ? { dataDirectory: path.resolve(path.dirname(filePath), dataDirectory) }
      : {}),
    ...(typeof token === "string" ? { token } : {}),
    ...(typeof port === "number" && port > 0 ? { port } : {}),
  };
}
