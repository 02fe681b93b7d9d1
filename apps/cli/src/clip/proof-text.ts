import type { EditProof } from "@arc-fabric/contract";
import { countText, secondsText } from "../output/units.ts";

type Cost = NonNullable<EditProof["cost"]>;

/** One line: what an edit kept, how exactly, and what it cost beside making the whole clip. */
export function proofText(proof: EditProof): string {
  return [keptText(proof), ...(proof.cost ? [costText(proof.cost)] : [])].join("; ");
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

function costText({ computed, whole_clip: whole }: Cost): string {
  return `${stepsText(computed)} computed, the whole clip took ${stepsText(whole)}`;
}

function stepsText({ steps, seconds }: Cost["computed"]): string {
  const time = seconds === null ? "" : ` (${secondsText(seconds)})`;
  return countText(steps, "step") + time;
}
