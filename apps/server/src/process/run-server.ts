import { readFileSync } from "node:fs";
import { toFabricError } from "@arc-fabric/contract";
import type { Logger, System } from "@arc-fabric/core";
import type { ComposedServer } from "../compose.ts";
import { type CommandLine, helpText, parseCommandLine } from "../config/command-line.ts";
import { type LoadedConfig, loadConfig, maskSecrets } from "../config/load-config.ts";
import { listen } from "./listen.ts";
import { createLogger } from "./logger.ts";
import { readyMessage, startErrorMessage } from "./messages.ts";
import { removeServerFile, writeServerFile } from "./server-file.ts";
import { VERSION } from "./version.ts";

/** The process as the server sees it. */
export interface ServerProcess {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly pid: number;
  readonly isTerminal: boolean;
  readonly system: System;
  /** Root of the repository. */
  readonly root: string;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** Builds the studio when its sources have changed. */
  readonly buildStudio: (root: string, log: (line: string) => void) => Promise<void>;
  /** Resolves at the first request to stop; ends the process at the second. `withStdin`: the end of standard input counts. */
  readonly stopRequested: (withStdin: boolean) => Promise<string>;
}

/** Runs the server until it is asked to stop. @returns the exit code */
export async function runServer(host: ServerProcess): Promise<number> {
  try {
    const commandLine = parseCommandLine(host.args);
    if (commandLine.action === "help") return print(host, helpText());
    if (commandLine.action === "version") return print(host, `${VERSION}\n`);
    const loaded = loadConfig({
      environment: host.environment,
      flags: commandLine.settings,
      configFile: commandLine.configFile,
      workingDirectory: host.workingDirectory,
      readFile: readIfPresent,
    });
    if (commandLine.action === "print-config")
      return print(host, `${JSON.stringify(maskSecrets(loaded.config), null, 2)}\n`);
    return await serve(host, commandLine, loaded);
  } catch (error) {
    host.writeError(startErrorMessage(error));
    return 1;
  }
}

async function serve(
  host: ServerProcess,
  commandLine: CommandLine,
  { config, file }: LoadedConfig,
): Promise<number> {
  const logger = createLogger({
    level: config.log_level,
    pretty: host.isTerminal,
    write: host.writeError,
    secrets: config.token === null ? [] : [config.token],
  });
  const stopRequested = host.stopRequested(commandLine.exitWithStdin);
  if (commandLine.studioBuild) await buildStudio(host, logger);
  // Loaded only for a real start: help and configuration errors come at once.
  const { compose } = await import("../compose.ts");
  const server = await compose({ config, system: host.system, logger, root: host.root });
  try {
    const url = await listen(server.app, config);
    await server.start();
    await writeServerFile(server.dataDir, {
      url,
      pid: host.pid,
      started_at: new Date(host.system.now()).toISOString(),
    });
    host.writeOut(
      readyMessage({ url, dataDir: server.dataDir, models: server.models, configFile: file }),
    );
    logger.info(`Stopping: ${await stopRequested}.`);
  } catch (error) {
    await stopWithin(host, server, config.stop_timeout_ms, logger);
    throw error;
  }
  const stopped = await stopWithin(host, server, config.stop_timeout_ms, logger);
  logger.info(
    stopped
      ? "Stopped."
      : "The graceful stop took too long; the running take continues from its last state at the next start.",
  );
  return stopped ? 0 : 1;
}

/** A studio that cannot be built is no reason not to serve the API. */
async function buildStudio(
  { root, buildStudio: build }: ServerProcess,
  logger: Logger,
): Promise<void> {
  try {
    await build(root, (line) => logger.info(line));
  } catch (error) {
    logger.error(
      `The studio could not be built; the API works without it. ${toFabricError(error).message}`,
    );
  }
}

/** @returns false when the deadline passed first */
async function stopWithin(
  { system }: ServerProcess,
  server: ComposedServer,
  timeoutMs: number,
  logger: Logger,
): Promise<boolean> {
  const deadline = new AbortController();
  const stopping = server
    .stop()
    .then(() => removeServerFile(server.dataDir))
    .then(() => true)
    .catch((error: unknown) => {
      logger.error(`The server did not stop cleanly: ${toFabricError(error).message}`);
      return false;
    });
  const timedOut = system.sleep(timeoutMs, deadline.signal).then(
    () => false,
    () => false,
  );
  const stopped = await Promise.race([stopping, timedOut]);
  deadline.abort();
  return stopped;
}

function print({ writeOut }: ServerProcess, text: string): number {
  writeOut(text);
  return 0;
}

function readIfPresent(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
