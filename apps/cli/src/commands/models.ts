import type { Model } from "@arc-fabric/contract";
import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { wrap } from "../command-line/help-text.ts";
import type { Terminal } from "../output/terminal.ts";
import { textTable } from "../output/text-table.ts";
import { bytesText } from "../output/units.ts";
import { withServer } from "../server/use-server.ts";

const WORDS_WIDTH = 80;

export function models(
  context: CliContext,
  { words, options }: CommandInput<"models">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  return withServer(context, options, async (server) => {
    const client = await server.client();
    const [modelId] = words;
    if (modelId === undefined) {
      const list = await client.models.list({ signal });
      await terminal.out(
        options.json ? `${JSON.stringify({ items: list })}\n` : listText(list, terminal),
      );
    } else {
      const model = await client.models.get(modelId, { signal });
      await terminal.out(options.json ? `${JSON.stringify(model)}\n` : modelText(model, terminal));
    }
    return EXIT_CODES.ok;
  });
}

function listText(list: readonly Model[], { paint }: Terminal): string {
  if (list.length === 0) return "There is no model. arc doctor says more.\n";
  const rows = list.map((model) => [
    paint.bold(model.id) + (model.is_default ? " (default)" : ""),
    model.status,
    sizesText(model),
    framesText(model),
    bytesText(model.memory_bytes),
  ]);
  return textTable([["MODEL", "STATUS", "SIZE", "FRAMES", "MEMORY"].map(paint.dim), ...rows]);
}

function modelText(model: Model, { paint }: Terminal): string {
  const { limits, defaults } = model;
  const range = ({ min, max }: { min: number; max: number }) => `${min} to ${max}`;
  const rows = [
    ["--size", sizesText(model), `${defaults.width}x${defaults.height}`],
    ["--frames", framesText(model), String(defaults.num_frames)],
    ["--fps", range(limits.fps), String(defaults.fps)],
    [
      "--steps",
      `${range(limits.num_inference_steps)}${model.few_steps ? `; few = ${model.few_steps}` : ""}`,
      String(defaults.num_inference_steps),
    ],
    [
      "--guidance",
      `${range(limits.guidance_scale)}${model.guidance_until > 0 ? `; down to noise level ${model.guidance_until}` : ""}`,
      String(defaults.guidance_scale),
    ],
    ["--solver", "euler, dpmpp_2m", defaults.solver],
    ["--shift", "0.1 to 20", String(defaults.shift)],
  ];
  const vocabulary = Object.entries(model.vocabulary).filter(([, list]) => list.length > 0);
  return [
    `${paint.bold(model.name)} ${paint.dim(`${model.id} ${model.version}, ${model.licence}, latent space ${model.latent_space}, ${bytesText(model.memory_bytes)} of memory, ${model.status}`)}\n`,
    `${wrap(model.description, WORDS_WIDTH).join("\n")}\n`,
    textTable([["OPTION", "RANGE", "DEFAULT"].map(paint.dim), ...rows]),
    ...(vocabulary.length > 0
      ? [
          `${paint.dim("Words it knows")}\n${vocabulary
            .map(([group, list]) =>
              wrap(`${group}: ${list.join(", ")}`, WORDS_WIDTH)
                .map((line, i) => `  ${i > 0 ? "  " : ""}${line}\n`)
                .join(""),
            )
            .join("")}`,
        ]
      : []),
    ...(model.examples.length > 0
      ? [
          `${paint.dim("Try")}\n${model.examples.map((example) => `  arc generate "${example}"\n`).join("")}`,
        ]
      : []),
  ].join("\n");
}

function sizesText({ limits }: Model): string {
  return limits.width
    .flatMap((width) => limits.height.map((height) => `${width}x${height}`))
    .join(", ");
}

function framesText({ limits: { num_frames: range } }: Model): string {
  if (range.min === range.max) return String(range.min);
  return range.step === 1
    ? `${range.min} to ${range.max}`
    : `${range.min}, ${range.min + range.step} … ${range.max}`;
}
