import {
  FabricError,
  invariant,
  isFinished,
  type DeriveRequest,
  type DeriveRequestOf,
  type Take,
  type TakeId,
} from "@arc-fabric/contract";
import { encodeMask, latentMask } from "./plan/mask.ts";
import { planConcatenate } from "./plan/plan-concatenate.ts";
import { editedFrames, planEdit } from "./plan/plan-edit.ts";
import { type DerivedPlan, planFork } from "./plan/plan-fork.ts";
import { planGrow } from "./plan/plan-grow.ts";
import { requireSameLatents } from "./plan/plan-generate.ts";
import { illegal, type ModelBook } from "./plan/plan-parts.ts";
import { checkPrompts } from "./plan/take-parameters.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import type { Media } from "./ports/media.ts";
import type { Store } from "./ports/store.ts";

export interface DeriveDeps {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly media: Media;
  readonly models: ModelBook;
  /** A seed for what the request leaves to chance. */
  drawSeed(): number;
}

/**
 * The plan of a take that is derived from `parent`.
 * @throws FabricError `take_not_found`, `take_not_completed`, `state_not_found`, `file_not_found`, `unsupported_value`,
 * `range_outside_clip`, `invalid_mask`, `schedule_mismatch`, `latent_space_mismatch`, `illegal_derivation`, `model_not_found`
 */
export async function planDerivedTake(
  deps: DeriveDeps,
  parent: Take,
  request: DeriveRequest,
): Promise<DerivedPlan> {
  const derived = await planByKind(deps, parent, request);
  checkPrompts(derived.parameters, deps.models.manifest(derived.parameters.model));
  if (!("reuse" in request) || request.reuse === undefined) return derived;
  return { ...derived, parameters: { ...derived.parameters, reuse: request.reuse } };
}

async function planByKind(
  deps: DeriveDeps,
  parent: Take,
  request: DeriveRequest,
): Promise<DerivedPlan> {
  requireSameLatents(parent, deps.models);
  switch (request.kind) {
    case "fork":
      return planForkOf(deps, parent, request);
    case "edit":
      return planEditOf(deps, parent, request);
    case "extend":
    case "insert":
    case "loop":
    case "continue":
      return planGrowthOf(deps, parent, request);
    case "finalize":
      return planJoined(deps, await streamUpTo(deps.store, parent));
    case "concatenate":
      return planJoined(deps, [parent, ...(await requireTakes(deps.store, request.takes))]);
  }
}

async function planForkOf(
  { store, models }: DeriveDeps,
  parent: Take,
  request: DeriveRequestOf<"fork">,
): Promise<DerivedPlan> {
  const derived = planFork(parent, request, models);
  const { at_step: step } = request;
  if (step > 0 && !(await store.getState(parent.id, step)))
    throw await stateNotStored(store, parent, step, "at_step");
  return derived;
}

async function planEditOf(
  deps: DeriveDeps,
  parent: Take,
  request: DeriveRequestOf<"edit">,
): Promise<DerivedPlan> {
  const { store, blobs, models } = deps;
  requireCompleted(parent);
  const frames = editedFrames(parent, request, models.manifest(parent.model));
  const [, count, height, width] = parent.plan.shape;
  const area = request.area ?? null;
  const mask = latentMask({
    shape: [count, height, width],
    frames,
    area,
    brush: area?.shape === "brush" ? await readBrush(deps, parent, area.file) : null,
    feather: request.feather ?? 0,
  });
  const stored = await store.listStates(parent.id);
  const { digest } = await blobs.put(encodeMask(mask));
  const sources = {
    parent,
    clean: lastState(parent, stored),
    states: new Map(stored.map((state) => [state.step, state.digest])),
    mask: digest,
    frames,
    seed: request.seed ?? deps.drawSeed(),
  };
  const kept = mask.values.filter((value) => value === 0).length;
  return { ...planEdit(sources, request, models), keptShare: kept / mask.values.length };
}

async function planGrowthOf(
  { store, models, drawSeed }: DeriveDeps,
  parent: Take,
  request: DeriveRequestOf<"extend" | "insert" | "loop" | "continue">,
): Promise<DerivedPlan> {
  requireCompleted(parent);
  const stored = parent.plan.total_steps === 0 ? [] : await store.listStates(parent.id);
  const clean = parent.plan.total_steps === 0 ? "" : lastState(parent, stored);
  return planGrow({ parent, clean, seed: request.seed ?? drawSeed() }, request, models);
}

async function planJoined(
  { store, models }: DeriveDeps,
  takes: readonly Take[],
): Promise<DerivedPlan> {
  const clips = await Promise.all(
    takes.map(async (take) => {
      requireCompleted(take);
      if (take.plan.total_steps === 0) return { take, clean: null };
      return { take, clean: lastState(take, await store.listStates(take.id)) };
    }),
  );
  return planConcatenate(clips, models);
}

/** @throws FabricError `illegal_derivation` */
async function streamUpTo(store: Store, last: Take): Promise<Take[]> {
  const blocks = await blocksUpTo(store, last);
  if (blocks.length > 1) return blocks;
  throw illegal(`Take ${last.id} is no block of a stream: it is one clip already.`);
}

/** A stream's blocks from its first clip to this one. A fork or an edit of a block stands in that block's place. */
export async function blocksUpTo(store: Store, last: Take): Promise<Take[]> {
  const blocks = [last];
  for (let at = last; at.parent_id !== null && TAKES_PLACE.has(at.origin.kind);) {
    const parent = await requireTake(store, at.parent_id);
    if (at.origin.kind === "continue") blocks.unshift(parent);
    at = parent;
  }
  return blocks;
}

const TAKES_PLACE = new Set<Take["origin"]["kind"]>(["continue", "fork", "edit"]);

/**
 * Whether a block can follow this clip, which need not be made yet.
 * @throws FabricError `unsupported_value`, `illegal_derivation`, `latent_space_mismatch`
 */
export function checkBlock(
  models: ModelBook,
  first: Pick<Take, "id" | "model" | "parameters" | "plan">,
  request: DeriveRequestOf<"continue">,
): void {
  requireSameLatents(first, models);
  const { parameters } = planGrow({ parent: first, clean: "", seed: 0 }, request, models);
  checkPrompts(parameters, models.manifest(parameters.model));
}

function requireTakes(store: Store, ids: readonly TakeId[]): Promise<Take[]> {
  return Promise.all(ids.map((id) => requireTake(store, id)));
}

async function readBrush(
  { store, blobs, media }: DeriveDeps,
  { parameters }: Take,
  digest: string,
): Promise<{ width: number; height: number; data: Uint8Array }> {
  if (!(await store.getFile(digest))) throw fileNotFound(digest, "area.file");
  const { width, height } = parameters;
  return { width, height, data: await media.readMask(await blobs.read(digest), width, height) };
}

export async function requireTake(store: Store, id: TakeId): Promise<Take> {
  const take = await store.getTake(id);
  if (take) return take;
  throw new FabricError("take_not_found", `There is no take ${id}.`, { details: { take_id: id } });
}

/** @throws FabricError `take_not_active` */
export function requireActive({ id, status }: Take): void {
  if (!isFinished(status)) return;
  throw new FabricError(
    "take_not_active",
    `Take ${id} is ${status}: its priority has no effect any more.`,
    { details: { take_id: id, status, field: "priority" } },
  );
}

/** @throws FabricError `take_not_completed` */
export function requireCompleted({ id, status }: Take): void {
  if (status === "completed") return;
  throw new FabricError("take_not_completed", `Take ${id} is ${status}.`, {
    details: { take_id: id, status },
  });
}

export function fileNotFound(digest: string, field: string): FabricError {
  return new FabricError("file_not_found", `There is no uploaded file ${digest}.`, {
    details: { field, value: digest },
  });
}

/** @param field where the step was asked for */
export async function stateNotStored(
  store: Pick<Store, "listStates">,
  take: Take,
  step: number,
  field: "step" | "at_step" = "step",
): Promise<FabricError> {
  const stored = (await store.listStates(take.id)).map((state) => state.step);
  const nearest = [
    stored.findLast((other) => other < step),
    stored.find((other) => other > step),
  ].filter((other) => other !== undefined);
  const advice = nearest.length > 0 ? ` The nearest stored: ${nearest.join(" and ")}.` : "";
  return new FabricError(
    "state_not_found",
    `The state after step ${step} of take ${take.id} is not stored: it was not computed yet, or was thinned out.${advice}`,
    { details: { take_id: take.id, field, value: step, nearest } },
  );
}

function lastState(take: Take, stored: readonly { step: number; digest: string }[]): string {
  const last = stored.find(({ step }) => step === take.plan.total_steps);
  invariant(last, `the last state of the completed take ${take.id} is stored`);
  return last.digest;
}
