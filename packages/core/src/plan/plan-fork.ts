import {
  FabricError,
  type DeriveRequestOf,
  type Manifest,
  type Plan,
  type Solver,
  type Take,
  type TakeParameters,
} from "@arc-fabric/contract";
import { cacheWithin, checkCache } from "./check-cache.ts";
import { requireCapability, requireSight, requireSpace } from "./plan-generate.ts";
import {
  assemblePlan,
  draftOf,
  type DraftPlan,
  type DraftSegment,
  illegal,
  type ModelBook,
  segmentAt,
  segmentsOf,
} from "./plan-parts.ts";
import { flowTail, type Levels } from "./schedule.ts";
import { checkSteps } from "./take-parameters.ts";

type ForkRequest = DeriveRequestOf<"fork">;

export interface DerivedPlan {
  readonly parameters: TakeParameters;
  readonly plan: Plan;
  /** How many of the parent's states the new take begins with. */
  readonly inheritedSteps: number;
  /** Share of the latents that an edit keeps bit for bit. */
  readonly keptShare?: number;
}

/** The parent's plan up to a step, and its rest with something changed. */
export function planFork(parent: Take, request: ForkRequest, models: ModelBook): DerivedPlan {
  const { at_step: step } = request;
  const draft = draftOf(parent.plan);
  checkFork(parent, request, models);
  const rows = forkedRows(parent, request, draft, models);
  const segments = forkedSegments(draft, request, rows.length - 1);
  checkCache(request.cache, segments, step);
  const start = request.seed === undefined ? draft.start : { ...draft.start, seed: request.seed };
  const model = segments.at(-1)!.model;
  const plan = assemblePlan(
    { ...draft, start, rows, segments, decode: { ...draft.decode, model } },
    models,
  );
  const parameters: TakeParameters = {
    ...parent.parameters,
    prompt: request.prompt ?? parent.parameters.prompt,
    negative_prompt: request.negative_prompt ?? parent.parameters.negative_prompt,
    guidance_scale: request.guidance_scale ?? parent.parameters.guidance_scale,
    solver: request.solver ?? parent.parameters.solver,
    seed: request.seed ?? parent.parameters.seed,
    model,
    num_inference_steps: changesRows(request)
      ? plan.total_steps
      : parent.parameters.num_inference_steps,
    stages: segments.length > 1 && parent.parameters.stages ? stagesOf(segments) : null,
    cache: request.cache ?? cacheWithin(parent.parameters.cache, plan.total_steps),
  };
  return { parameters, plan, inheritedSteps: step };
}

function checkFork(parent: Take, request: ForkRequest, models: ModelBook): void {
  const { at_step: step, seed, model, history, solver } = request;
  const { plan } = parent;
  if (plan.total_steps === 0)
    throw illegal(
      `Take ${parent.id} was put together from other takes and has no steps; fork one of those.`,
    );
  if (step >= plan.total_steps)
    throw new FabricError(
      "unsupported_value",
      `at_step = ${step} leaves no step to change: take ${parent.id} has ${plan.total_steps} steps, so use 0 to ${plan.total_steps - 1}.`,
      { details: { field: "at_step", value: step, min: 0, max: plan.total_steps - 1 } },
    );
  if (seed !== undefined && step > 0)
    throw illegal(
      `seed has no effect after step ${step}: all noise is drawn before the first step. Fork at step 0, or leave the seed out.`,
      { field: "seed" },
    );
  if (model) checkModel(parent, models.manifest(model), models);
  if (history === "carry" && step === 0)
    throw illegal('There is no history before the first step. Leave it out, or use "reset".', {
      field: "history",
    });
  if (history === "carry") checkCarry(plan, step, solver);
}

/** @throws FabricError `latent_space_mismatch`, `unsupported_value` */
function checkModel({ plan, model }: Take, other: Manifest, models: ModelBook): void {
  requireSpace(other, models.manifest(model).latent_space, "model");
  if (plan.schedule.frame_sigmas) requireCapability(other, "frame_levels", "model");
  for (const { window } of segmentsOf(plan, "denoise")) requireSight(other, window, "model");
}

/** The state was left by the solver of the step before; its history means nothing to another one. */
function checkCarry(plan: Plan, step: number, solver: Solver | undefined): void {
  const before = segmentAt(plan, step - 1).solver;
  const after = solver ?? segmentAt(plan, step).solver;
  if (before === after) return;
  throw illegal(
    `The history of ${before} cannot be carried over to ${after}. Use history "reset".`,
    { field: "history" },
  );
}

const changesRows = ({ remaining_steps, sigmas }: ForkRequest): boolean =>
  remaining_steps !== undefined || sigmas !== undefined;

function forkedRows(
  parent: Take,
  request: ForkRequest,
  draft: DraftPlan,
  models: ModelBook,
): readonly Levels[] {
  if (!changesRows(request)) return draft.rows;
  const { at_step: step, remaining_steps: remaining, sigmas } = request;
  if (remaining !== undefined && sigmas)
    throw illegal("Give remaining_steps or sigmas, not both.", { field: "sigmas" });
  if (parent.plan.schedule.frame_sigmas || draft.segments.some(({ keep }) => keep))
    throw illegal(
      `The levels of take ${parent.id} differ between frames or are bound to kept states, so its remaining steps cannot be replaced.`,
      { field: sigmas ? "sigmas" : "remaining_steps" },
    );
  checkSteps(step + (sigmas?.length ?? remaining!), models.manifest(request.model ?? parent.model));
  const sigma = draft.rows[step]![0]!;
  const tail = sigmas ?? flowTail(sigma, remaining!, parent.parameters.shift).slice(1);
  checkTail(sigma, tail);
  return [
    ...draft.rows.slice(0, step + 1),
    ...tail.map((level) => draft.rows[0]!.map(() => level)),
  ];
}

/** Rounded down: what is below this is also below the level itself. */
const short = (level: number): number => Math.floor(level * 1e4) / 1e4;

function checkTail(sigma: number, tail: readonly number[]): void {
  const wrong = tail.findIndex((level, i) => level >= (i === 0 ? sigma : tail[i - 1]!));
  if (wrong === -1 && tail.at(-1) === 0) return;
  throw new FabricError(
    "schedule_mismatch",
    wrong === -1
      ? `sigmas must end at 0, not at ${tail.at(-1)}.`
      : `sigmas must fall from step to step: ${tail[wrong]} follows ${wrong === 0 ? `${short(sigma)}, the level of the step that is forked at` : tail[wrong - 1]}.`,
    { details: { field: "sigmas", value: tail } },
  );
}

function forkedSegments(
  draft: DraftPlan,
  request: ForkRequest,
  totalSteps: number,
): DraftSegment[] {
  const { at_step: step } = request;
  const kept = draft.segments.filter(({ from }) => from < step);
  const changed = draft.segments.filter(({ to }) => to > step);
  const before = kept.map((segment) => cutSegment(segment, step));
  const after = changesRows(request) ? [{ ...changed[0]!, to: totalSteps }] : changed;
  return [...before, ...after.map((segment) => changeSegment(segment, request))];
}

function cutSegment(segment: DraftSegment, end: number): DraftSegment {
  const to = Math.min(segment.to, end);
  const { keep, from } = segment;
  return { ...segment, to, keep: keep && { ...keep, states: keep.states.slice(0, to - from) } };
}

function changeSegment(segment: DraftSegment, request: ForkRequest): DraftSegment {
  const { at_step: step } = request;
  const from = Math.max(segment.from, step);
  const changed = {
    ...segment,
    from,
    prompt: request.prompt ?? segment.prompt,
    negativePrompt: request.negative_prompt ?? segment.negativePrompt,
    guidance_scale: request.guidance_scale ?? segment.guidance_scale,
    solver: request.solver ?? segment.solver,
    model: request.model ?? segment.model,
    cache: request.cache ?? segment.cache,
    keep: segment.keep && {
      ...segment.keep,
      states: segment.keep.states.slice(from - segment.from),
    },
  };
  if (from !== step || step === 0) return changed;
  const other = changed.solver !== segment.solver || changed.model !== segment.model;
  const unchanged = from === segment.from ? segment.history : "carry";
  return { ...changed, history: request.history ?? (other ? "reset" : unchanged) };
}

function stagesOf(segments: readonly DraftSegment[]): { model: string; steps: number }[] {
  const stages: { model: string; steps: number }[] = [];
  for (const { model, from, to } of segments) {
    const last = stages.at(-1);
    if (last?.model === model) last.steps += to - from;
    else stages.push({ model, steps: to - from });
  }
  return stages;
}
