import type { Storage } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";
import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import type { Paint } from "../output/terminal.ts";
import { textTable } from "../output/text-table.ts";
import { bytesText, clip, countText } from "../output/units.ts";
import { withServer } from "../server/use-server.ts";
import { sessionOf } from "./session-reference.ts";

const TITLE_CHARS = 48;

export function storage(
  context: CliContext,
  { options }: CommandInput<"storage">,
): Promise<ExitCode> {
  const { thin } = options;
  const needsThin = (["dry-run", "session"] as const).find((name) => options[name] !== undefined);
  if (thin === undefined && needsThin)
    throw new UsageError(`--${needsThin} goes with --thin N.`, "storage");
  return withServer(context, options, async (server) => {
    const client = await server.client();
    if (thin === undefined) await show(context, client, options.json ?? false);
    else await thinOut(context, client, { ...options, thin });
    return EXIT_CODES.ok;
  });
}

async function show(
  { terminal, interrupted: signal }: CliContext,
  client: FabricClient,
  json: boolean,
): Promise<void> {
  const usage = await client.storage.get({ signal });
  await terminal.out(json ? `${JSON.stringify(usage)}\n` : storageText(usage, terminal.paint));
}

async function thinOut(
  { terminal, interrupted: signal }: CliContext,
  client: FabricClient,
  options: CommandInput<"storage">["options"] & { readonly thin: number },
): Promise<void> {
  const session =
    options.session === undefined ? null : await sessionOf(client, options.session, signal);
  const dryRun = options["dry-run"] ?? false;
  const { states, bytes } = await client.storage.thin(
    {
      keep_every: options.thin,
      dry_run: dryRun,
      ...(session ? { session_id: session.id } : {}),
    },
    { signal },
  );
  const what = `${countText(states, "stored step")}, ${bytesText(bytes)}`;
  await terminal.out(
    options.json
      ? `${JSON.stringify({ dry_run: dryRun, states, bytes })}\n`
      : `${dryRun ? "Would remove" : "Removed"} ${what}\n`,
  );
}

function storageText(usage: Storage, paint: Paint): string {
  const { budget_bytes: budget } = usage;
  const rows = usage.sessions
    .toSorted((a, b) => b.state_bytes - a.state_bytes)
    .map((session) => [
      session.session_id,
      String(session.states),
      bytesText(session.state_bytes),
      bytesText(session.artifact_bytes),
      clip(session.title, TITLE_CHARS),
    ]);
  const limit = budget === null ? "no limit" : `of at most ${bytesText(budget)}`;
  const total = `${countText(usage.states, "stored step")}, ${bytesText(usage.state_bytes)} (${limit}); videos and pictures ${bytesText(usage.artifact_bytes)}\n`;
  if (rows.length === 0) return total;
  const shared =
    usage.sessions.reduce((sum, session) => sum + session.state_bytes, 0) > usage.state_bytes
      ? "What sessions share is counted in each of them, and once in the sum.\n"
      : "";
  return (
    total +
    shared +
    textTable([["SESSION", "STEPS", "SIZE", "FILES", "TITLE"].map(paint.dim), ...rows])
  );
}
