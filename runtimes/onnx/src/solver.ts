import type { Solver } from "@arc-fabric/contract";

/**
 * One solver update for one latent frame, as numbers:
 *   x0 = x - sigma·v                            (flow matching: x = (1 - sigma)·x0 + sigma·noise, v = noise - x0)
 *   D  = x0 + extrapolation·(x0 - previous x0)
 *   x' = keep·x + add·D
 */
export interface StepCoefficients {
  readonly sigma: number;
  readonly keep: number;
  readonly add: number;
  /** 0 for a first-order update. */
  readonly extrapolation: number;
}

/** Noise level of a frame whose history is empty: a frame at level 0 is finished and never predicts again. */
export const NO_HISTORY = 0;
const MIN_LOG_SNR_STEP = 1e-6;

/**
 * Euler and DPM-Solver++(2M) share one form: with alpha = 1 - sigma and lambda = log(alpha / sigma), the exponential
 * integrator of data prediction (Lu et al., "DPM-Solver++", arXiv:2211.01095, algorithm 2) is
 *   x' = (sigma'/sigma)·x - alpha'·(e^{-h} - 1)·D,   h = lambda' - lambda,   D = (1 + 1/2r)·x0 - (1/2r)·previous x0,   r = h_previous / h.
 * e^{-h} = (sigma'·alpha)/(alpha'·sigma) makes the factor of D alpha' - sigma'·alpha/sigma, which is finite at both ends.
 * With D = x0 this is exactly the Euler step x' = x + (sigma' - sigma)·v.
 *
 * The ends: from sigma = 1 lambda is -infinity, so the steps from it and right after it are of first order (1/2r -> 0);
 * to sigma' = 0 lambda is +infinity and the step is of first order too, as is usual for the last one.
 * @param previousSigma the level at which this frame's previous x0 was predicted, or NO_HISTORY
 */
export function stepCoefficients(
  solver: Solver,
  sigma: number,
  nextSigma: number,
  previousSigma: number,
): StepCoefficients {
  // A frame that waits for its turn (or is finished) keeps its values bit for bit.
  if (nextSigma === sigma) return { sigma, keep: 1, add: 0, extrapolation: 0 };
  const keep = nextSigma / sigma;
  const add = 1 - nextSigma - keep * (1 - sigma);
  const extrapolation =
    solver === "dpmpp_2m" ? secondOrderShare(sigma, nextSigma, previousSigma) : 0;
  return { sigma, keep, add, extrapolation };
}

/** 1/2r of DPM-Solver++(2M). */
function secondOrderShare(sigma: number, nextSigma: number, previousSigma: number): number {
  if (previousSigma === NO_HISTORY || previousSigma === 1 || sigma === 1 || nextSigma === 0)
    return 0;
  const step = logSnr(nextSigma) - logSnr(sigma);
  const previousStep = logSnr(sigma) - logSnr(previousSigma);
  // Levels this close together tell nothing about a trend; extrapolating over them would only blow up rounding errors.
  if (previousStep < MIN_LOG_SNR_STEP) return 0;
  return step / previousStep / 2;
}

/** lambda = log(alpha / sigma) for 0 < sigma < 1. */
function logSnr(sigma: number): number {
  return Math.log((1 - sigma) / sigma);
}
