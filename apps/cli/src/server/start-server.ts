import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, openSync, closeSync } from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { createClient, type FabricClient } from "@arc-fabric/client";
import type { CliContext } from "../cli-context.ts";
import type { LocalSettings } from "./local-settings.ts";
import { serverCommand } from "./server-command.ts";
import { readServerFile } from "./server-file.ts";
import { ServerNotStarted } from "./server-not-started.ts";

const READY_TIMEOUT_MS = 60_000;
const LOOK_MS = 50;
/** Longer than the server's own deadline for a graceful stop would need for a step; it then goes on after a restart. */
const STOP_TIMEOUT_MS = 10_000;
const KEPT_ERROR_CHARS = 8_000;

export interface StartedServer {
  readonly client: FabricClient;
  /** Lets it finish the step it is in. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Leave it running after this command; its log goes to a file in the data directory. */
  readonly keep: boolean;
}

/**
 * Starts a server on a free port of the loopback address and waits until it answers.
 * It ends with this process, however that ends: its standard input is a pipe that nobody else holds.
 * @throws ServerNotStarted with the server's own words
 */
export async function startServer(
  context: CliContext,
  settings: LocalSettings,
  options: StartOptions,
): Promise<StartedServer> {
  const child = options.keep ? spawnKept(context, settings) : spawnTied(context, settings);
  const words = collectErrors(child);
  try {
    const url = await waitUntilReady(context, settings, child, words);
    const token = settings.token;
    const client = createClient({ baseUrl: url, ...(token === undefined ? {} : { token }) });
    if (options.keep) child.unref();
    return { client, stop: () => (options.keep ? Promise.resolve() : stopServer(child)) };
  } catch (error) {
    await stopServer(child);
    throw error;
  }
}

function serverFlags(settings: LocalSettings): string[] {
  return [
    "--host",
    "127.0.0.1",
    "--port",
    "0",
    "--no-studio-build",
    "--data-dir",
    settings.dataDirectory,
  ];
}

/** In a process group of its own, so that Ctrl-C reaches this program only, which then cancels in order. */
function spawnTied({ workingDirectory }: CliContext, settings: LocalSettings): ChildProcess {
  const command = serverCommand([
    ...serverFlags(settings),
    "--exit-with-stdin",
    "--log-level",
    "error",
  ]);
  return spawn(process.execPath, command, {
    cwd: workingDirectory,
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
  });
}

function spawnKept({ workingDirectory }: CliContext, settings: LocalSettings): ChildProcess {
  mkdirSync(settings.dataDirectory, { recursive: true, mode: 0o700 });
  const log = openSync(path.join(settings.dataDirectory, "server.log"), "a", 0o600);
  try {
    return spawn(process.execPath, serverCommand(serverFlags(settings)), {
      cwd: workingDirectory,
      detached: true,
      stdio: ["ignore", log, log],
    });
  } finally {
    closeSync(log);
  }
}

function collectErrors(child: ChildProcess): () => string {
  let words = "";
  child.stderr
    ?.setEncoding("utf8")
    .on("data", (text: string) => (words = (words + text).slice(-KEPT_ERROR_CHARS)));
  return () => stripVTControlCharacters(words).trim();
}

async function waitUntilReady(
  { interrupted, now }: CliContext,
  settings: LocalSettings,
  child: ChildProcess,
  words: () => string,
): Promise<string> {
  const deadline = now() + READY_TIMEOUT_MS;
  let ended: string | null = null;
  child.on("error", (error) => (ended = error.message));
  child.on(
    "close",
    (code, signal) => (ended ??= signal ? `ended by ${signal}` : `ended with code ${code}`),
  );
  for (;;) {
    interrupted.throwIfAborted();
    const file = readServerFile(settings.dataDirectory);
    if (file && file.pid === child.pid) return file.url;
    if (ended !== null) throw new ServerNotStarted(`it ${ended as string}`, words());
    if (now() > deadline)
      throw new ServerNotStarted(`it was not ready within ${READY_TIMEOUT_MS / 1000} s`, words());
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const closed = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.stdin?.end();
  if (!child.stdin) child.kill("SIGTERM");
  const kill = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await closed;
  clearTimeout(kill);
}
