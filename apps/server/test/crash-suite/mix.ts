import type {
  DeriveRequestInput,
  SessionId,
  Solver,
  State,
  Take,
  TakeRequest,
} from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";

const BASE: TakeRequest = {
  prompt: "a red ball",
  seed: 21,
  model: "zoetrope-tiny",
  num_inference_steps: 12,
  num_frames: 17,
  // Every round computes all of its steps: what another round has stored would leave nothing to kill.
  reuse: false,
};

/** Takes from a prompt. `base` is the parent of the derived ones. */
const GENERATED: Record<string, TakeRequest> = {
  base: BASE,
  hybrid: {
    ...BASE,
    stages: [
      { model: "zoetrope-tiny", steps: 5 },
      { model: "zoetrope-tiny-b", steps: 7 },
    ],
  },
  cached: { ...BASE, cache: { start: 2, end: 11, interval: 3 }, frame_lag: 1 },
};

/** Takes that are made from `base`. */
const DERIVED: Record<string, DeriveRequestInput> = {
  fork: { kind: "fork", at_step: 5, prompt: "a blue cube" },
  "fork with another model": { kind: "fork", at_step: 8, model: "zoetrope-tiny-b" },
  "edit of a time": { kind: "edit", frames: [5, 13], prompt: "a blue cube", seed: 3 },
  "edit of an area": {
    kind: "edit",
    area: { shape: "rectangle", x: 0, y: 0, width: 50, height: 50 },
    strength: 0.6,
    feather: 25,
    seed: 4,
  },
  "extended in blocks": { kind: "extend", num_frames: 40, num_inference_steps: 6, seed: 5 },
  loop: { kind: "loop", num_frames: 8, num_inference_steps: 6, seed: 6 },
};

export const KINDS = [...Object.keys(GENERATED), ...Object.keys(DERIVED)];

/** What a take came to: digests only, so that two runs can be compared. */
export interface Outcome {
  readonly status: string;
  readonly error: string | null;
  readonly states: readonly string[];
  readonly artifacts: readonly string[];
  /** Without the cost, which is a matter of time. */
  readonly proof: Take["proof"];
}

/** Queues the mix in a session and waits for all of it. @returns the takes by what they are */
export async function runMix(
  client: FabricClient,
  session: SessionId,
  solver: Solver,
): Promise<Record<string, Take>> {
  const takes: Record<string, Take> = {};
  const waitAll = async () => {
    for (const [name, take] of Object.entries(takes))
      takes[name] = await client.takes.wait(take.id);
  };
  for (const [name, request] of Object.entries(GENERATED))
    takes[name] = await client.takes.create({ ...request, solver }, { sessionId: session });
  await waitAll();
  for (const [name, request] of Object.entries(DERIVED))
    takes[name] = await client.takes.derive(takes["base"]!.id, request);
  await waitAll();
  return takes;
}

export async function outcomesOf(
  client: FabricClient,
  takes: Readonly<Record<string, Take>>,
): Promise<Record<string, Outcome>> {
  const outcomes: Record<string, Outcome> = {};
  for (const [name, { id }] of Object.entries(takes)) {
    const take = await client.takes.get(id);
    const states = await client.takes.states(id);
    outcomes[name] = {
      status: take.status,
      error: take.error && `${take.error.code}: ${take.error.message}`,
      states: states.map(({ step, digest }: State) => `${step} ${digest}`),
      artifacts: take.artifacts.map(({ kind, digest }) => `${kind} ${digest}`).toSorted(),
      proof: take.proof && { ...take.proof, cost: undefined },
    };
  }
  return outcomes;
}
