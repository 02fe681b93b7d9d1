import { accessSync, constants, existsSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isFabricError, type Model, type SystemReport } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";
import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { bytesText } from "../output/units.ts";
import { readLocalSettings } from "../server/local-settings.ts";
import { ServerNotStarted } from "../server/server-not-started.ts";
import { withServer } from "../server/use-server.ts";
import { cliVersion } from "../version.ts";

const MIN_NODE = [22, 18] as const;
/** A long session stores some hundred states of a few megabytes. */
const LOW_DISK_BYTES = 1e9;

/** A driver that hangs is given up by the server well within this. */
const ENCODER_ATTEMPTS = 200;
const ENCODER_WAIT_MS = 200;

interface Check {
  readonly name: string;
  readonly result: "ok" | "warning" | "failed";
  readonly found: string;
  readonly remedy?: string;
}

export async function doctor(
  context: CliContext,
  { options }: CommandInput<"doctor">,
): Promise<ExitCode> {
  const { terminal } = context;
  const checks: Check[] = [
    nodeCheck(process.versions.node),
    dataDirectoryCheck(readLocalSettings(context, options).dataDirectory),
  ];
  try {
    await withServer(context, options, async (server) => {
      const client = await server.client();
      const call = { signal: context.interrupted };
      const [system, models] = await Promise.all([
        systemWithEncoders(client, context.interrupted),
        client.models.list(call),
      ]);
      checks.push(
        serverCheck(client.baseUrl, system, server.startedHere),
        diskCheck(system),
        ...modelChecks(models, system),
        encoderCheck(system),
        ...workerChecks(system),
      );
    });
  } catch (error) {
    if (!isFabricError(error) && !(error instanceof ServerNotStarted)) throw error;
    checks.push({
      name: "Server",
      result: "failed",
      found: error.message,
      ...(isFabricError(error) ? { remedy: "arc serve starts one and shows its messages." } : {}),
    });
  }
  await terminal.out(
    options.json
      ? `${JSON.stringify({ checks })}\n`
      : checks.map((check) => checkText(check, context)).join(""),
  );
  return checks.some(({ result }) => result === "failed") ? EXIT_CODES.failed : EXIT_CODES.ok;
}

/** The server answers before it has tried its encoders; a diagnosis waits for that. */
async function systemWithEncoders(
  client: FabricClient,
  signal: AbortSignal,
): Promise<SystemReport> {
  for (let attempt = 1; ; attempt++) {
    const system = await client.system({ signal });
    if (!system.encoders_probing || attempt === ENCODER_ATTEMPTS) return system;
    await sleep(ENCODER_WAIT_MS, undefined, { signal });
  }
}

function checkText(
  { name, result, found, remedy }: Check,
  { terminal: { paint, unicode } }: CliContext,
): string {
  const marks = unicode
    ? { ok: "✓", warning: "!", failed: "✗" }
    : { ok: "ok ", warning: "!  ", failed: "BAD" };
  const colour = { ok: paint.green, warning: paint.yellow, failed: paint.red }[result];
  return `${colour(marks[result])} ${paint.bold(name)}  ${found}\n${remedy === undefined ? "" : `    ${remedy}\n`}`;
}

function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const fits = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  return fits
    ? { name: "Node", result: "ok", found: version }
    : {
        name: "Node",
        result: "failed",
        found: `${version} is too old`,
        remedy: `Use Node ${MIN_NODE.join(".")} or newer; the repository brings one: npm ci.`,
      };
}

/** The server creates it; then the nearest folder above must be writable. */
function dataDirectoryCheck(directory: string): Check {
  let nearest = directory;
  while (!existsSync(nearest)) nearest = path.dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
    return {
      name: "Data directory",
      result: "ok",
      found: nearest === directory ? directory : `${directory} (will be created)`,
    };
  } catch {
    return {
      name: "Data directory",
      result: "failed",
      found: `${nearest} cannot be written`,
      remedy: "Choose another one with --data-dir or ARC_DATA_DIR.",
    };
  }
}

function serverCheck(url: string, system: SystemReport, startedHere: boolean): Check {
  const where = startedHere ? "starts and answers" : `runs at ${url}`;
  const version = cliVersion();
  return system.version === version
    ? { name: "Server", result: "ok", found: `${where}, version ${version}` }
    : {
        name: "Server",
        result: "warning",
        found: `${where}, version ${system.version}; arc is ${version}`,
        remedy: "Use the arc that came with the server.",
      };
}

function diskCheck({ disk_free_bytes: free }: SystemReport): Check {
  const found = `${bytesText(free)} free`;
  return free >= LOW_DISK_BYTES
    ? { name: "Disk", result: "ok", found }
    : {
        name: "Disk",
        result: "warning",
        found,
        remedy: "Delete takes you do not need: arc takes, arc delete.",
      };
}

function modelChecks(models: readonly Model[], { memory_bytes: memory }: SystemReport): Check[] {
  if (models.length === 0)
    return [
      {
        name: "Models",
        result: "failed",
        found: "there is none",
        remedy: "Restore the models folder, for example by checking out the repository again.",
      },
    ];
  return models.map((model) => {
    const name = `Model ${model.id}`;
    if (model.status === "error")
      return {
        name,
        result: "failed",
        found: "cannot be used",
        remedy: "The server's log names the file; check out the repository again.",
      };
    if (model.memory_bytes > memory)
      return {
        name,
        result: "warning",
        found: `needs ${bytesText(model.memory_bytes)}; this machine has ${bytesText(memory)}`,
      };
    return { name, result: "ok", found: `${model.status}, needs ${bytesText(model.memory_bytes)}` };
  });
}

function encoderCheck({ encoders, encoders_probing: probing }: SystemReport): Check {
  const usable = encoders.filter((encoder) => encoder.usable);
  if (usable.length > 0)
    return {
      name: "Video encoder",
      result: "ok",
      found: usable
        .map(({ encoder, hardware }) => `${encoder}${hardware ? " (hardware)" : ""}`)
        .join(", "),
    };
  if (probing)
    return {
      name: "Video encoder",
      result: "warning",
      found: "the server is still trying them",
      remedy: "Ask again; a busy machine takes longer.",
    };
  return {
    name: "Video encoder",
    result: "failed",
    found:
      encoders.map(({ encoder, error }) => `${encoder}: ${error ?? "not usable"}`).join("; ") ||
      "none was found",
    remedy: "Set ARC_VIDEO_ENCODER=auto and ARC_ALLOW_SOFTWARE_ENCODER=true.",
  };
}

function workerChecks({ workers }: SystemReport): Check[] {
  return workers
    .filter(({ error }) => error !== null)
    .map(({ model, error }) => ({
      name: `Worker of ${model}`,
      result: "failed" as const,
      found: error ?? "",
      remedy: "It is started again with the next take; the server's log says more.",
    }));
}
