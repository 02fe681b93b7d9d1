import type { Take } from "@arc-fabric/contract";
import type { CliContext } from "../cli-context.ts";
import { originKindText } from "../clip/origin-text.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { statusText } from "../output/status-text.ts";
import { textTable } from "../output/text-table.ts";
import { agoText, clip } from "../output/units.ts";
import { withServer } from "../server/use-server.ts";

/** Columns that id, status and age take before the prompt. */
const BEFORE_PROMPT = 62;
const MIN_PROMPT = 20;

export function takes(context: CliContext, { options }: CommandInput<"takes">): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  const { limit, status, after } = options;
  const page = {
    signal,
    ...(limit === undefined ? {} : { limit }),
    ...(status === undefined ? {} : { status }),
    ...(after === undefined ? {} : { after }),
  };
  return withServer(context, options, async (server) => {
    const list = await (await server.client()).takes.list(page);
    await terminal.out(options.json ? `${JSON.stringify(list)}\n` : listText(list.items, context));
    if (!options.json && list.has_more)
      terminal.err(terminal.paint.dim(`More: arc takes --after ${list.items.at(-1)?.id}\n`));
    return EXIT_CODES.ok;
  });
}

/** The prompt, with what tells takes of one prompt apart. */
function whatText({ title, parameters: { prompt }, origin }: Take): string {
  const name = title === null ? "" : `${title}: `;
  const made = origin.kind === "generate" ? "" : ` (${originKindText(origin)})`;
  return name + prompt + made;
}

function listText(items: readonly Take[], { terminal, now }: CliContext): string {
  const { paint, outIsTerminal } = terminal;
  if (items.length === 0)
    return 'Nothing here yet. Make something: arc generate "a red ball bounces on a green meadow"\n';
  // What goes into a pipe is not cut.
  const width = outIsTerminal
    ? Math.max(MIN_PROMPT, terminal.columns() - BEFORE_PROMPT)
    : Number.POSITIVE_INFINITY;
  const rows = items.map((take) => [
    take.id,
    statusText(take, paint),
    agoText(take.created_at, now()),
    clip(whatText(take), width),
  ]);
  return textTable([["TAKE", "STATUS", "MADE", "PROMPT"].map(paint.dim), ...rows]);
}
