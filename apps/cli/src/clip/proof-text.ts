import type { EditProof, Take } from "@arc-fabric/contract";
import { countText, secondsText } from "../output/units.ts";
import { secondsOf } from "./take-seconds.ts";

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
    proof.kept_path === "stored" ? "" : ", led along a straight line as not all steps are stored";
  return `${share}, equal bit for bit${path}; ${pixelsText(proof)}`;
}

/** The decoder looks across the border, so equal latents beside changed ones can give other pixels. */
function pixelsText({ kept_pixels_equal: equal, kept_psnr_db: psnr }: EditProof): string {
  if (equal) return "their pixels equal";
  return psnr === null ? "their pixels not compared" : `their pixels at ${psnr.toFixed(1)} dB`;
}

function costText(take: Take, parent: Take | undefined): string {
  const steps = take.plan.total_steps - take.steps_reused;
  const cost = `${countText(steps, "step")} in ${secondsText(secondsOf(take))}`;
  if (!parent || parent.plan.total_steps === 0) return cost;
  const whole = countText(parent.plan.total_steps, "step");
  // The time of a take that was stopped in between or took over steps is not what the whole clip costs.
  const measured = parent.resumes === 0 && parent.steps_reused === 0 && secondsOf(parent) > 0;
  return `${cost}, the whole clip ${whole}${measured ? ` in ${secondsText(secondsOf(parent))}` : ""}`;
}
