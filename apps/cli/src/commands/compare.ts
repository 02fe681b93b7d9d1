import type { Comparison } from "@arc-fabric/contract";
import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { outputTarget } from "../files/output-target.ts";
import { saveDownload } from "../files/save-download.ts";
import { sparkline } from "../output/sparkline.ts";
import { textTable } from "../output/text-table.ts";
import type { Terminal } from "../output/terminal.ts";
import { clip, countText } from "../output/units.ts";
import { withServer } from "../server/use-server.ts";
import { takeOf } from "./take-reference.ts";

const VALUE_CHARS = 60;

export function compare(
  context: CliContext,
  { words, options }: CommandInput<"compare">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  if (options.output === "-")
    throw new UsageError("-o - is for videos: give the picture a file name.", "compare");
  const target =
    options.output === undefined
      ? null
      : outputTarget("compare", options.output, context.userDirectory, "difference");
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const a = await takeOf(client, words[0]!, signal);
    const b = await takeOf(client, words[1]!, signal);
    const comparison = await client.takes.compare(a.id, b.id, { signal });
    const path =
      target &&
      (await saveDownload(
        await client.takes.differencePicture(a.id, b.id, { signal }),
        target,
        `difference-${a.id}-${b.id}.jpg`,
        { terminal, signal },
      ));
    await terminal.out(
      options.json
        ? `${JSON.stringify({ ...comparison, ...(path === null ? {} : { path }) })}\n`
        : comparisonText(comparison, terminal) + (path === null ? "" : `Saved ${path}\n`),
    );
    return EXIT_CODES.ok;
  });
}

function comparisonText(comparison: Comparison, { paint, unicode }: Terminal): string {
  const { parameters, shared_steps: shared } = comparison;
  const rows = parameters.map(({ name, a, b }) => [name, valueText(a), valueText(b)]);
  return [
    rows.length === 0
      ? "All settings are equal.\n"
      : textTable([["SETTING", comparison.a, comparison.b].map(paint.dim), ...rows]),
    `${shared === 0 ? "No steps are" : `The first ${countText(shared, "step")} ${shared === 1 ? "is" : "are"}`} equal byte for byte.\n`,
    `${framesText(comparison, unicode)}\n`,
  ].join("");
}

function framesText(
  { frame_differences: differences, psnr_db: psnr }: Comparison,
  unicode: boolean,
): string {
  if (differences.length === 0) return "The frames have different sizes and were not compared.";
  const most = Math.max(...differences);
  if (most === 0) return `All ${countText(differences.length, "frame")} are equal.`;
  const where = differences.indexOf(most);
  return (
    `Frames ${sparkline(differences, unicode)}  ${psnr === null ? "" : `${psnr.toFixed(1)} dB, `}` +
    `most in frame ${where}: ${most.toFixed(1)} of 255 on average`
  );
}

function valueText(value: unknown): string {
  if (value === null || value === undefined || value === "") return "-";
  return clip(typeof value === "string" ? value : JSON.stringify(value), VALUE_CHARS);
}
