import { ERROR_CATALOGUE, isFabricError, type State, type Take } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";
import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { textTable } from "../output/text-table.ts";
import { agoText, bytesText, countText, secondsText } from "../output/units.ts";
import { withServer } from "../server/use-server.ts";
import { originText } from "../clip/origin-text.ts";
import { cacheText } from "../clip/plan-text.ts";
import { proofText } from "../clip/proof-text.ts";
import { stepsText, warningsText } from "../clip/clip-texts.ts";
import { secondsOf } from "../clip/take-seconds.ts";
import { storedText } from "../output/stored-text.ts";
import { takeOf } from "./take-reference.ts";
import { statusText } from "../output/status-text.ts";

export function show(
  context: CliContext,
  { words, options }: CommandInput<"show">,
): Promise<ExitCode> {
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const take = await takeOf(client, words[0]!, context.interrupted);
    const states = await client.takes.states(take.id, { signal: context.interrupted });
    if (options.json) {
      await context.terminal.out(`${JSON.stringify({ ...take, states })}\n`);
      return EXIT_CODES.ok;
    }
    const parent = await parentOf(client, take, context.interrupted);
    await context.terminal.out(takeText({ take, parent, states }, context));
    return EXIT_CODES.ok;
  });
}

/** @returns undefined also where it was deleted */
async function parentOf(
  client: FabricClient,
  { parent_id: id }: Take,
  signal: AbortSignal,
): Promise<Take | undefined> {
  if (id === null) return undefined;
  try {
    return await client.takes.get(id, { signal });
  } catch (error) {
    if (isFabricError(error) && error.code === "take_not_found") return undefined;
    throw error;
  }
}

/** Of a longer schedule the levels are in --json. */
const MAX_LEVELS = 40;

/** What of the settings shapes single steps; only what was asked for. */
function stepRows({ parameters, plan }: Take): [string, string][] {
  const { stages, cache, first_frame: first, last_frame: last } = parameters;
  const { sigmas, frame_sigmas: ofFrames } = plan.schedule;
  const pictures = [...(first ? ["begins"] : []), ...(last ? ["ends"] : [])];
  return [
    ...(stages
      ? [["stages", stages.map(({ model, steps }) => `${model}:${steps}`).join(",")] as const]
      : []),
    ...(cache ? [["cache", cacheText(cache)] as const] : []),
    ...(pictures.length > 0
      ? [["pictures", `${pictures.join(" and ")} with a given picture`] as const]
      : []),
    ...(!ofFrames && plan.total_steps > 0 && sigmas.length <= MAX_LEVELS
      ? [["levels", sigmas.map((level) => Number(level.toFixed(3))).join(" ")] as const]
      : []),
  ].map(([name, value]) => [name, value]);
}

interface Shown {
  readonly take: Take;
  readonly parent: Take | undefined;
  readonly states: readonly State[];
}

function takeText({ take, parent, states }: Shown, { terminal, now }: CliContext): string {
  const { paint } = terminal;
  const { parameters: p } = take;
  const rows = [
    ...(take.title === null ? [] : [["title", take.title]]),
    ...(take.tags.length > 0 ? [["tags", take.tags.map((tag) => `#${tag}`).join(" ")]] : []),
    ...(take.parent_id === null
      ? []
      : [["origin", `${originText(take.origin, parent)}, from ${take.parent_id}`]]),
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
    ...stepRows(take),
    ["seed", String(p.seed)],
    ...(take.steps_reused > 0 ? [["reused", stepsText(take)]] : []),
    ["stored", storedText(states)],
    ...(take.priority === 0 ? [] : [["priority", String(take.priority)]]),
    ["session", take.session_id],
    ["created", `${agoText(take.created_at, now())} (${take.created_at})`],
    ...(take.finished_at !== null && take.started_at !== null
      ? [["took", secondsText(secondsOf(take))]]
      : []),
    ...(take.estimate ? [["expected", `about ${secondsText(take.estimate.seconds)}`]] : []),
    ...(take.resumes > 0
      ? [["resumed", `${countText(take.resumes, "time")} from a stored step`]]
      : []),
    ...take.environment_changes.map(({ after_step: step }) => [
      "changed",
      `other hardware, weights or versions after step ${step}`,
    ]),
    ...(take.proof ? [["kept", proofText(take.proof)]] : []),
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
