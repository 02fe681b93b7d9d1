import { ERROR_CATALOGUE, type Take } from "@arc-fabric/contract";
import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { textTable } from "../output/text-table.ts";
import { agoText, bytesText, countText, secondsText } from "../output/units.ts";
import { withServer } from "../server/use-server.ts";
import { secondsOf, warningsText } from "./generate-texts.ts";
import { takeOf } from "./take-reference.ts";
import { statusText } from "./takes.ts";

export function show(
  context: CliContext,
  { words, options }: CommandInput<"show">,
): Promise<ExitCode> {
  return withServer(context, options, async (server) => {
    const take = await takeOf(await server.client(), words[0]!, context.interrupted);
    await context.terminal.out(
      options.json ? `${JSON.stringify(take)}\n` : takeText(take, context),
    );
    return EXIT_CODES.ok;
  });
}

function takeText(take: Take, { terminal, now }: CliContext): string {
  const { paint } = terminal;
  const { parameters: p } = take;
  const rows = [
    ["prompt", p.prompt],
    ...(p.negative_prompt === "" ? [] : [["without", p.negative_prompt]]),
    ["model", take.model],
    [
      "video",
      `${p.width}x${p.height}, ${countText(p.num_frames, "frame")} at ${p.fps} fps, ${secondsText(p.num_frames / p.fps)}`,
    ],
    [
      "steps",
      `${p.num_inference_steps} by ${p.solver}, guidance ${p.guidance_scale}, shift ${p.shift}${p.frame_lag > 0 ? `, frame lag ${p.frame_lag}` : ""}`,
    ],
    ["seed", String(p.seed)],
    ["session", take.session_id],
    ["created", `${agoText(take.created_at, now())} (${take.created_at})`],
    ...(take.finished_at !== null && take.started_at !== null
      ? [["took", secondsText(secondsOf(take))]]
      : []),
    ...(take.resumes > 0
      ? [["resumed", `${countText(take.resumes, "time")} from a stored step`]]
      : []),
  ];
  const files = take.artifacts.map(({ kind, media_type: type, bytes, id }) => [
    kind,
    type,
    bytesText(bytes),
    paint.dim(id),
  ]);
  return [
    `${paint.bold(take.id)}  ${statusText(take, paint)}\n`,
    textTable(
      rows.map(([name, value]) => [paint.dim(name!), value!]),
      "  ",
    ),
    ...(take.warnings.length > 0 ? [`${warningsText(take, terminal)}\n`] : []),
    ...(take.error
      ? [
          `${paint.red("Error:")} ${take.error.message}\n${paint.dim("What to do:")} ${take.error.remedy || ERROR_CATALOGUE[take.error.code].remedy}\n`,
        ]
      : []),
    ...(files.length > 0 ? [textTable(files, "  ")] : []),
  ].join("\n");
}
