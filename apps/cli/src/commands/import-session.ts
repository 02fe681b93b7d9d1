import { createReadStream, statSync } from "node:fs";
import path from "node:path";
import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { notReadable } from "../files/not-readable.ts";
import { createProgressPrinter, silentProgress } from "../output/progress-printer.ts";
import { bytesText, countText } from "../output/units.ts";
import { withServer } from "../server/use-server.ts";

export function importSession(
  context: CliContext,
  { words, options }: CommandInput<"import">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  const file = path.resolve(context.userDirectory, words[0]!);
  const total = sizeOf(file);
  const progress = terminal.redraws ? createProgressPrinter(context) : silentProgress;
  return withServer(context, options, async (server) => {
    const client = await server.client();
    try {
      const session = await client.sessions.import(createReadStream(file), {
        signal,
        onProgress: (done) =>
          progress.busy(
            done < total
              ? `Sending ${bytesText(done)} of ${bytesText(total)}`
              : "The server checks it",
          ),
      });
      progress.end();
      await terminal.out(
        options.json
          ? `${JSON.stringify(session)}\n`
          : `Imported ${session.id}  ${session.title}, ${countText(session.take_count, "take")}\nSee it: arc tree ${session.id}\n`,
      );
      return EXIT_CODES.ok;
    } finally {
      progress.end();
    }
  });
}

/** @throws UsageError when it cannot be read */
function sizeOf(file: string): number {
  try {
    const stats = statSync(file);
    if (stats.isDirectory()) throw new UsageError(`${file} is a folder, not a bundle.`, "import");
    return stats.size;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw notReadable("import", file, error);
  }
}
