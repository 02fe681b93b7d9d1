import type { ErrorCode } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";
import type { CliContext } from "../cli-context.ts";
import {
  createProgressPrinter,
  silentProgress,
  type ProgressPrinter,
} from "../output/progress-printer.ts";
import { findServer } from "./find-server.ts";
import { readLocalSettings, type ServerOptions } from "./local-settings.ts";
import { ServerNotStarted } from "./server-not-started.ts";
import { startServer, type StartedServer } from "./start-server.ts";

/** Two commands that start a server on one directory at the same moment: the second one finds the first one's. */
const RACE_ATTEMPTS = 20;
const RACE_WAIT_MS = 250;

export interface ServerUse {
  /** The server in use; looked up or started when first asked for. */
  client(): Promise<FabricClient>;
  /** The server is gone: the next `client()` looks for another or starts one. @returns false when the user named it and no other will do */
  forget(): Promise<boolean>;
  /** Whether this command started the server. */
  readonly startedHere: boolean;
}

export interface UseOptions {
  readonly keepServer?: boolean;
  /** Says that a server is started, which takes a moment; a terminal is always told. */
  readonly progress?: ProgressPrinter;
}

/** Runs `action` with a server and stops the server afterwards if it was started for it. */
export async function withServer<Result>(
  context: CliContext,
  options: ServerOptions,
  action: (server: ServerUse) => Promise<Result>,
  use: UseOptions = {},
): Promise<Result> {
  const server = new FoundOrStarted(context, options, use);
  try {
    return await action(server);
  } finally {
    await server.stop();
  }
}

class FoundOrStarted implements ServerUse {
  readonly #context: CliContext;
  readonly #options: ServerOptions;
  readonly #use: UseOptions;
  readonly #progress: ProgressPrinter;
  #client: FabricClient | null = null;
  #started: StartedServer | null = null;

  constructor(context: CliContext, options: ServerOptions, use: UseOptions) {
    this.#context = context;
    this.#options = options;
    this.#use = use;
    this.#progress =
      use.progress ?? (context.terminal.redraws ? createProgressPrinter(context) : silentProgress);
  }

  get startedHere(): boolean {
    return this.#started !== null;
  }

  async client(): Promise<FabricClient> {
    return (this.#client ??= await this.#findOrStart());
  }

  async forget(): Promise<boolean> {
    if (readLocalSettings(this.#context, this.#options).serverUrl !== null) return false;
    this.#client = null;
    await this.stop();
    return true;
  }

  async stop(): Promise<void> {
    this.#progress.end();
    const started = this.#started;
    this.#started = null;
    await started?.stop();
  }

  async #findOrStart(): Promise<FabricClient> {
    const settings = readLocalSettings(this.#context, this.#options);
    for (let attempt = 0; ; attempt++) {
      const found = await findServer(settings, this.#context.interrupted);
      if (found) {
        this.#progress.end();
        return found;
      }
      try {
        this.#progress.busy("No server runs; starting one for this command");
        this.#started = await startServer(this.#context, settings, {
          keep: this.#use.keepServer ?? false,
        });
        this.#progress.end();
        return this.#started.client;
      } catch (error) {
        if (attempt >= RACE_ATTEMPTS || !lostTheRace(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, RACE_WAIT_MS));
      }
    }
  }
}

const lostTheRace = (error: unknown): boolean =>
  error instanceof ServerNotStarted && error.words.includes("data_dir_locked" satisfies ErrorCode);
