import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { outputTarget } from "../files/output-target.ts";
import { saveDownload } from "../files/save-download.ts";
import { createProgressPrinter, silentProgress } from "../output/progress-printer.ts";
import { withServer } from "../server/use-server.ts";
import { stepNumber } from "./step-number.ts";
import { takeOf } from "./take-reference.ts";

export function draft(
  context: CliContext,
  { words, options }: CommandInput<"draft">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  if (options.output === "-")
    throw new UsageError("-o - is for videos: give the picture a file name.", "draft");
  const target = outputTarget("draft", options.output, context.userDirectory, "draft");
  const step = stepNumber("draft", words[1]!);
  const progress = terminal.redraws ? createProgressPrinter(context) : silentProgress;
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const { id } = await takeOf(client, words[0]!, signal);
    try {
      // A model may have to be loaded first.
      progress.busy(`Drawing what the model expects after step ${step}`);
      const download = await client.takes.draft(id, step, { signal });
      const path = await saveDownload(download, target, `draft-${id}-${step}.jpg`, {
        terminal,
        signal,
      });
      progress.end();
      await terminal.out(
        options.json ? `${JSON.stringify({ take_id: id, step, path })}\n` : `Saved ${path}\n`,
      );
      return EXIT_CODES.ok;
    } finally {
      progress.end();
    }
  });
}
