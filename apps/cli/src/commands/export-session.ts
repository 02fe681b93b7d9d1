import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { outputTarget, slugOf } from "../files/output-target.ts";
import { saveDownload } from "../files/save-download.ts";
import { createProgressPrinter, silentProgress } from "../output/progress-printer.ts";
import { bytesText, countText } from "../output/units.ts";
import { withServer } from "../server/use-server.ts";
import { sessionOf } from "./session-reference.ts";

export function exportSession(
  context: CliContext,
  { words, options }: CommandInput<"export">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal, userDirectory } = context;
  const target = outputTarget("export", options.output, userDirectory, "bundle");
  if (target.type === "stdout" && (terminal.outIsTerminal || options.json))
    throw new UsageError(
      "-o - needs standard output for the file: send it on with > or |, without --json.",
      "export",
    );
  const progress = terminal.redraws ? createProgressPrinter(context) : silentProgress;
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const session = await sessionOf(client, words[0], signal);
    let bytes = 0;
    try {
      const download = await client.sessions.export(session.id, {
        signal,
        onProgress(done) {
          bytes = done;
          progress.busy(`Saving ${bytesText(done)}`);
        },
      });
      const name = `${slugOf(session.title) || "session"}.arc.tar`;
      const path = await saveDownload(download, target, name, { terminal, signal });
      progress.end();
      if (path === null) return EXIT_CODES.ok;
      await terminal.out(
        options.json
          ? `${JSON.stringify({ session_id: session.id, takes: session.take_count, path, bytes })}\n`
          : `Saved ${path}\n  ${countText(session.take_count, "take")} of ${session.id}, ${bytesText(bytes)}\n`,
      );
      return EXIT_CODES.ok;
    } finally {
      progress.end();
    }
  });
}
