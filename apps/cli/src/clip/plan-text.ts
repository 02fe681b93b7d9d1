import type { DenoiseSegment, Plan, Planned, Segment, StepCache, Take } from "@arc-fabric/contract";
import { textTable } from "../output/text-table.ts";
import type { Terminal } from "../output/terminal.ts";
import { clip, countText, ordinal, secondsText } from "../output/units.ts";

const PROMPT_CHARS = 40;

/** What would run: result, steps by model, what is there already, time. */
export function planText(
  { parameters, plan, kept_share: kept, estimate }: Planned,
  { paint, columns }: Pick<Terminal, "paint" | "columns">,
  parent?: Take,
): string {
  const { width, height, num_frames: frames, fps } = parameters;
  const rows = [
    ...(parent ? [["from", parent.id]] : []),
    ["prompt", clip(parameters.prompt, columns() - 12)],
    [
      "result",
      `${countText(frames, "frame")} of ${width}x${height}, ${secondsText(frames / fps)} at ${fps} fps`,
    ],
    ["seed", String(parameters.seed)],
    ...plan.segments
      .filter((segment) => segment.type === "denoise")
      .map((segment) => [stepsRange(segment), segmentText(segment, plan)]),
    ...(kept === null ? [] : [["keeps", keptText(kept)]]),
    ...workRows(plan.total_steps, estimate),
    // Of clips that are only put together nothing is estimated.
    ...(plan.total_steps > 0 ? [["takes", timeText(estimate)]] : []),
  ];
  return textTable(rows.map(([name, value]) => [paint.dim(name!), value!]));
}

function workRows(total: number, estimate: Planned["estimate"]): [string, string][] {
  if (total === 0) return [["computes", "no steps"]];
  // Without an estimate nothing is said about stored steps either.
  if (!estimate) return [["computes", `at most ${countText(total, "step")}`]];
  const { steps, steps_reused: reused } = estimate;
  return [
    ["reuses", reused === 0 ? "nothing" : `${reused} of ${countText(total, "step")}`],
    ["computes", countText(steps, "step")],
  ];
}

/** Steps are counted from 1 for people: segment [0, 8) is steps 1 to 8. */
function stepsRange({ from, to }: DenoiseSegment): string {
  return to - from === 1 ? `step ${to}` : `steps ${from + 1}-${to}`;
}

function segmentText(segment: DenoiseSegment, plan: Plan): string {
  const latentFrames = plan.shape[1];
  const prompts = plan.segments.filter(({ type }) => type === "encode");
  const { model, solver, guidance_scale: guidance, window, history, keep, cache } = segment;
  return [
    `${model} by ${solver}, guidance ${guidance}`,
    ...(prompts.length > 1 ? [promptText(prompts[segment.conditioning])] : []),
    ...(window[1] - window[0] < latentFrames
      ? [`frame groups ${window[0] + 1}-${window[1]} of ${latentFrames}`]
      : []),
    ...(history === "reset" && segment.from > 0 ? ["history reset"] : []),
    ...(cache ? [cacheText(cache)] : []),
    ...(keep ? ["the rest kept"] : []),
  ].join(", ");
}

/** Steps of a cache are counted from 0, its end is not in it; for people they are counted from 1. */
export function cacheText({ start, end, interval }: StepCache): string {
  return `only every ${ordinal(interval)} prediction of steps ${start + 1}-${end} computed`;
}

const promptText = (segment: Segment | undefined) =>
  segment?.type === "encode" ? `"${clip(segment.prompt, PROMPT_CHARS)}"` : "";

function keptText(share: number): string {
  if (share === 0) return "nothing: the edit covers the whole clip";
  return `${Math.round(share * 1000) / 10} % of the latents, bit for bit`;
}

function timeText(estimate: Planned["estimate"]): string {
  if (!estimate) return "not known yet: nothing like it has run on this machine";
  const perStep = estimate.steps > 0 ? ` (${secondsText(estimate.step_seconds)} a step)` : "";
  return `about ${secondsText(estimate.seconds)}${perStep}`;
}
