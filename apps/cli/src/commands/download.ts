import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { outputTarget } from "../files/output-target.ts";
import { saveArtifact } from "../files/save-artifact.ts";
import { withServer } from "../server/use-server.ts";
import { takeOf } from "./take-reference.ts";

export function download(
  context: CliContext,
  { words, options }: CommandInput<"download">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  const variant = options.variant ?? "video";
  const target = outputTarget("download", options.output, context.userDirectory, variant);
  if (target.type === "stdout" && (terminal.outIsTerminal || options.json))
    throw new UsageError(
      "-o - needs standard output for the file: send it on with > or |, without --json.",
      "download",
    );
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const take = await takeOf(client, words[0]!, signal);
    const path = await saveArtifact({ client, terminal, signal }, take, variant, target);
    if (path !== null)
      await terminal.out(
        options.json
          ? `${JSON.stringify({ take_id: take.id, variant, path })}\n`
          : `Saved ${path}\n`,
      );
    return EXIT_CODES.ok;
  });
}
