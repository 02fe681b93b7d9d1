import type { EditProof, Take } from "@arc-fabric/contract";

/** What the mock says of an edit; the real server measures it. */
export function proofOf(take: Take): EditProof | null {
  if (take.origin.kind !== "edit" || !take.parent_id) return null;
  const [c, t, h, w] = take.plan.shape;
  const all = c * t * h * w;
  const changed = Math.round(all * 0.29);
  return {
    kept_path: "stored",
    kept_latents: all - changed,
    changed_latents: changed,
    kept_equal: true,
    kept_psnr_db: 46.2,
    kept_pixels_equal: false,
    cost: {
      computed: { steps: take.plan.total_steps, seconds: take.plan.total_steps * 0.1 },
      whole_clip: { steps: take.parameters.num_inference_steps, seconds: 2.4 },
    },
  };
}
