import type { Take } from "@arc-fabric/contract";
import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { withServer } from "../server/use-server.ts";
import { takeOf } from "./take-reference.ts";

export function pause(
  context: CliContext,
  { words, options }: CommandInput<"pause">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const paused = [];
    for (const word of words) {
      const { id } = await takeOf(client, word, signal);
      const take = await client.takes.pause(id, { signal });
      const { status, pause_requested, progress } = take;
      paused.push({ id, status, pause_requested, step: progress.step });
      if (!options.json) await terminal.out(`${pausedText(take)}\n`);
    }
    if (options.json) await terminal.out(`${JSON.stringify({ items: paused })}\n`);
    return EXIT_CODES.ok;
  });
}

function pausedText({ id, status, progress }: Take): string {
  const { step, total_steps: total } = progress;
  return status === "paused"
    ? `Paused ${id}${step > 0 ? ` after step ${step} of ${total}` : ""}`
    : `Pausing ${id}: it stops at the end of its present step`;
}
