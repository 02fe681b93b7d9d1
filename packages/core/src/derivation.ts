import type { Plan } from "@arc-fabric/contract";
import { segmentOf } from "./plan-take.ts";
import { sha256 } from "./sha256.ts";

/** Raised when the denoise loop changes what it computes from the same inputs. */
const DERIVATION_VERSION = 1;

/**
 * What determined the state after `step` steps, as a digest: weights, conditioning, noise and the schedule so far.
 * Later parts of the schedule are left out on purpose: takes that share a beginning share derivations.
 */
export function stateDerivation(plan: Plan, step: number): string {
  const encode = segmentOf(plan, "encode");
  const denoise = segmentOf(plan, "denoise");
  const facts = [
    DERIVATION_VERSION,
    plan.weights_digest,
    encode.prompt,
    encode.negative_prompt,
    denoise.seed,
    denoise.shape,
    denoise.solver,
    denoise.guidance_scale,
    (denoise.schedule.frame_sigmas ?? denoise.schedule.sigmas).slice(0, step + 1),
  ];
  return sha256(JSON.stringify(facts));
}
