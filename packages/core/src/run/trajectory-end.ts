import { type Environment, isFabricError } from "@arc-fabric/contract";
import {
  environmentDerivation,
  planDerivations,
  startDerivation,
  stepDerivation,
} from "../plan/derivation.ts";
import type { WorkerLease } from "../ports/model-host.ts";
import { sha256 } from "../sha256.ts";
import { guard, record, type Run } from "./run.ts";

/** The end of a trajectory so far; `bytes` is null before the first step. */
export interface Reached {
  readonly step: number;
  readonly bytes: Uint8Array | null;
  readonly derivation: string;
  /** Digest of the environment the state was computed in; null before the first step. */
  readonly environment: string | null;
}

export function environmentDigest(environment: Environment): string {
  return sha256(
    JSON.stringify(Object.entries(environment).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
}

/** The newest state that is whole; torn ones are dropped, so that the take falls back to the one before. */
export async function lastReached(run: Run): Promise<Reached> {
  const { take } = run.claim;
  for (;;) {
    const state = await run.store.latestState(take.id);
    if (!state)
      return { step: 0, bytes: null, derivation: startDerivation(take.plan), environment: null };
    const { step, digest, derivation, environment } = state;
    try {
      return { step, bytes: await run.blobs.read(digest), derivation, environment };
    } catch (error) {
      if (!isFabricError(error) || error.code !== "state_corrupt") throw error;
      run.log.write(
        "warn",
        `The state of step ${step} is damaged; going back one step. ${error.message}`,
      );
      await run.store.dropState(run.claim, step);
    }
  }
}

/** Takes over the longest stored beginning that another take shares with this one (invariant 5). */
export async function adoptPrefix(
  run: Run,
  reached: Reached,
  environment: Environment,
): Promise<Reached> {
  const { take } = run.claim;
  if (!take.parameters.reuse || reached.step >= take.plan.total_steps) return reached;
  const derivations = planDerivations(take.plan);
  // A trajectory that went on in another environment has derivations of its own.
  if (reached.step > 0 && reached.derivation !== derivations[reached.step - 1]) return reached;
  const prefix = await run.store.findPrefix(derivations, environmentDigest(environment), take.id);
  if (!prefix || prefix.step <= reached.step) return reached;
  await guard(run.store.adoptPrefix(run.claim, prefix, run.system.now()));
  run.log.write(
    "info",
    `The first ${prefix.step} of ${take.plan.total_steps} steps are those of take ${prefix.takeId}.`,
  );
  return lastReached(run);
}

/**
 * Records that a trajectory goes on where or with what it was not begun: other hardware, settings, versions or weights.
 * Its bytes may differ from those of an uninterrupted run, and its derivations say so.
 */
export async function crossEnvironment(
  run: Run,
  reached: Reached,
  lease: WorkerLease,
  model: string,
): Promise<Reached> {
  const { take } = run.claim;
  const environment = environmentDigest(lease.environment);
  const moved = reached.environment !== null && reached.environment !== environment;
  const changes = [...take.environment_changes, ...run.changes];
  const name = `weights of ${model}`;
  const planned = take.plan.weights[model];
  const before = changes.findLast((change) => name in change.environment)?.environment[name];
  const reweighed = lease.weightsDigest !== (before ?? planned);
  if (!moved && !reweighed) return reached;
  const isOther = reweighed || lease.weightsDigest !== planned;
  const change = {
    after_step: reached.step,
    environment: { ...lease.environment, ...(isOther && { [name]: lease.weightsDigest }) },
  };
  // An attempt that was lost before its first step has recorded it already.
  if (JSON.stringify(changes.at(-1)) !== JSON.stringify(change)) {
    run.changes.push(change);
    await record(
      run,
      { type: "take.environment_changed", data: { take_id: take.id, ...change } },
      { environmentChange: change },
    );
    run.log.write(
      "warn",
      `After step ${reached.step} this take goes on with other ${reweighed ? "weights" : "hardware, settings or versions"} than before.`,
    );
  }
  if (!moved) return reached;
  const derivation = environmentDerivation(reached.derivation, environment);
  return { ...reached, derivation, environment };
}

/** The derivation of the next state. */
export function nextDerivation(run: Run, reached: Reached, lease: WorkerLease): string {
  return stepDerivation(run.claim.take.plan, reached.step, reached.derivation, lease.weightsDigest);
}
