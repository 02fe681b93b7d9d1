import type { DeriveRequestInput, Planned, Take } from "@arc-fabric/contract";
import { formatSeconds, plural } from "../util/format.ts";

/** What a derived take would compute and what it keeps, in one line. */
export function planWords(
  parent: Take,
  kind: DeriveRequestInput["kind"],
  { plan, parameters, estimate, kept_share: kept }: Planned,
): string {
  if (kind === "concatenate")
    return `Computes no step: ${plural(parameters.num_frames, "frame")} put together from what is there.`;
  const steps = estimate?.steps ?? plan.total_steps;
  const whole = kind === "edit" ? parent.parameters.num_inference_steps : plan.total_steps;
  const of = whole > steps ? `${steps} of ${plural(whole, "step")}` : plural(steps, "step");
  const time = estimate ? `, about ${formatSeconds(estimate.seconds)}` : "";
  return `Computes ${of}${time}${keptWords(parent, kind, parameters.num_frames, kept)}.`;
}

function keptWords(
  parent: Take,
  kind: DeriveRequestInput["kind"],
  frames: number,
  kept: number | null,
): string {
  if (kind === "extend" || kind === "insert" || kind === "loop")
    return `; ${parent.parameters.num_frames} frames become ${frames}`;
  if (kept === null || kept <= 0) return "";
  return `; keeps ${Math.max(1, Math.floor(kept * 100))} % of the latents bit for bit`;
}
