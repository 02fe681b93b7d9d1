import type { EditProof, Take } from "@arc-fabric/contract";
import { countText, secondsText } from "../output/units.ts";

/** One line: what an edit kept, how exactly, and what it cost beside its parent. */
export function proofText(take: Take, proof: EditProof, parent: Take | undefined): string {
  return [keptText(proof), costText(take, parent)].join("; ");
}

function keptText(proof: EditProof): string {
  const { kept_latents: kept, changed_latents: changed, kept_equal: equal } = proof;
  const total = kept + changed;
  if (kept === 0) return "Nothing was kept: the edit covers the whole clip";
  const share = `${kept} of ${total} latents kept`;
  if (!equal) return `${share}, but NOT all of them equal bit for bit`;
  const path =
    proof.kept_path === "stored" ? "" : ", led along a straight line instead of its stored steps";
  return `${share}, equal bit for bit${path}; ${pixelsText(proof)}`;
}

/** The decoder looks across the border, so equal latents beside changed ones can give other pixels. */
function pixelsText({ kept_pixels_equal: equal, kept_psnr_db: psnr }: EditProof): string {
  if (equal) return "their pixels equal";
  return psnr === null ? "their pixels not compared" : `their pixels at ${psnr.toFixed(1)} dB`;
}

/** Steps and their time; what a take took from start to end would count pauses as well. */
function costText(take: Take, parent: Take | undefined): string {
  const computed = stepsText(take.plan.total_steps - take.steps_reused, take);
  // The plan of any other take is not that of its whole clip.
  const whole = parent && (parent.origin.kind === "generate" || parent.origin.kind === "fork");
  if (!whole) return `${computed} computed`;
  return `${computed} computed, the whole clip took ${stepsText(parent.plan.total_steps, parent)}`;
}

function stepsText(steps: number, { progress: { step_seconds: seconds } }: Take): string {
  const time = seconds === null ? "" : ` (${secondsText(steps * seconds)})`;
  return countText(steps, "step") + time;
}
