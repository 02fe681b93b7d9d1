import { isCachedStep, type Plan } from "@arc-fabric/contract";
import { sha256 } from "../sha256.ts";
import { segmentAt, segmentsOf } from "./plan-parts.ts";
import { rowsOf } from "./schedule.ts";

/** Raised when the denoise loop changes what it computes from the same inputs. */
const DERIVATION_VERSION = 2;

/** What determined the latents before step 0. */
export function startDerivation(plan: Plan): string {
  return digestOf([DERIVATION_VERSION, plan.shape, plan.start]);
}

/**
 * What determined the state after step `step` (counted from 0): the derivation of the state before and everything the step read.
 * Where segments begin and what follows is left out on purpose: takes that share a beginning share derivations.
 * @param weightsDigest of the model that computed it
 */
export function stepDerivation(
  plan: Plan,
  step: number,
  before: string,
  weightsDigest: string,
): string {
  const segment = segmentAt(plan, step);
  const { prompt, negative_prompt } = segmentsOf(plan, "encode")[segment.conditioning]!;
  const rows = rowsOf(plan);
  const { keep } = segment;
  const last = step === plan.total_steps - 1;
  return digestOf([
    before,
    weightsDigest,
    prompt,
    negative_prompt,
    segment.solver,
    step === segment.from && segment.history === "reset",
    segment.guidance_scale,
    segment.window,
    rows[step],
    rows[step + 1],
    keep && [
      keep.mask,
      last ? keep.clean : (keep.states[step - segment.from] ?? [keep.clean, keep.seed]),
    ],
    isCachedStep(segment, step),
    // From its zone on, a cached velocity is part of the states.
    segment.cache && step >= segment.cache.start ? segment.cache : null,
    // Not there in plans without one, whose states were stored before there was any.
    ...(segment.context?.length ? [segment.context] : []),
  ]);
}

/** The derivation of a trajectory that went on in another environment. */
export function environmentDerivation(before: string, environment: string): string {
  return digestOf([before, "environment", environment]);
}

/** Derivations of all states of a plan, run in one environment with the weights it names: index k is after k + 1 steps. */
export function planDerivations(plan: Plan): string[] {
  const derivations: string[] = [];
  let before = startDerivation(plan);
  for (let step = 0; step < plan.total_steps; step++) {
    before = stepDerivation(plan, step, before, plan.weights[segmentAt(plan, step).model]!);
    derivations.push(before);
  }
  return derivations;
}

function digestOf(facts: unknown[]): string {
  return sha256(JSON.stringify(facts));
}
