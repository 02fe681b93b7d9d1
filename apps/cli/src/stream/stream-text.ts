import type { Stream, Take } from "@arc-fabric/contract";
import { statusText } from "../output/status-text.ts";
import { textTable } from "../output/text-table.ts";
import type { Paint, Terminal } from "../output/terminal.ts";
import { clip, countText, secondsText } from "../output/units.ts";

const PROMPT_CHARS = 60;
/** Proposed to who has all blocks and wants more. */
const MORE_BLOCKS = 4;

/** What is about to grow. */
export function streamStartText(
  stream: Stream,
  { paint, columns }: Pick<Terminal, "paint" | "columns">,
): string {
  const facts = [stream.id, stream.model, countText(stream.max_blocks, "block")];
  return `${paint.bold(clip(stream.prompt, columns() - 1))}\n${paint.dim(clip(facts.join(" · "), columns() - 1))}`;
}

/** One line for a finished block. */
export function blockText(number: number, take: Take, paint: Paint): string {
  const { num_frames: frames, prompt } = take.parameters;
  return `${paint.bold(`Block ${number}`)}  ${take.id}  ${countText(frames, "frame")}  "${prompt}"`;
}

/** Why nothing is made any more, and what can be done now. */
export function streamStateText({ id, status, blocks, max_blocks: most, error }: Stream): string {
  const made = `${blocks} of ${countText(most, "block")}`;
  if (status === "ended") return `The stream has ended with ${countText(blocks, "block")}.`;
  if (status === "running") return `${made} made; it runs. Follow it: arc stream watch ${id}`;
  if (error) return `${made} made; the next one failed. Try again: arc stream resume ${id}`;
  if (blocks < most) return `Paused with ${made}. Let it go on: arc stream resume ${id}`;
  return [
    `${most === 1 ? "The block is" : `All ${most} blocks are`} made.`,
    `As one clip: arc stream finalize ${id}`,
    `More of them: arc stream resume ${id} --blocks ${most + MORE_BLOCKS}`,
  ].join("\n");
}

/** A stream with its blocks. */
export function streamText(stream: Stream, blocks: readonly Take[], terminal: Terminal): string {
  const { paint } = terminal;
  const seconds = blocks
    .filter(({ status }) => status === "completed")
    .reduce((sum, { parameters }) => sum + parameters.num_frames / parameters.fps, 0);
  const rows = [
    ["prompt", stream.prompt],
    ...(stream.negative_prompt === "" ? [] : [["without", stream.negative_prompt]]),
    ["model", stream.model],
    [
      "blocks",
      `${stream.blocks} of ${stream.max_blocks}, ${secondsText(seconds)}; ${stream.block_frames} frames each after the first`,
    ],
    [
      "steps",
      `${stream.num_inference_steps} for each part that is made at once, guidance ${stream.guidance_scale}`,
    ],
    ["session", stream.session_id],
  ];
  const lines = blocks.map((take, i) => [
    String(i + 1),
    take.id,
    statusText(take, paint),
    countText(take.parameters.num_frames, "frame"),
    `"${clip(take.parameters.prompt, PROMPT_CHARS)}"`,
  ]);
  return [
    `${paint.bold(stream.id)}  ${streamStatusText(stream, paint)}\n`,
    textTable(
      rows.map(([name, value]) => [paint.dim(name!), value!]),
      "  ",
    ),
    textTable(lines, "  "),
    ...(stream.error ? [`${paint.red("Error:")} ${stream.error.message}\n`] : []),
    `${streamStateText(stream)}\n`,
  ].join("\n");
}

export function streamsText(streams: readonly Stream[], { paint }: Terminal): string {
  if (streams.length === 0)
    return 'No streams yet. Start one: arc stream "a red ball bounces on a green meadow"\n';
  const rows = streams.map((stream) => [
    stream.id,
    streamStatusText(stream, paint),
    `${stream.blocks}/${stream.max_blocks}`,
    clip(stream.prompt, PROMPT_CHARS),
  ]);
  return textTable([["STREAM", "STATUS", "BLOCKS", "PROMPT"].map(paint.dim), ...rows]);
}

function streamStatusText({ status, error }: Stream, paint: Paint): string {
  if (error) return paint.red(`${status}, failed`);
  return status === "running" ? paint.cyan(status) : paint.yellow(status);
}
