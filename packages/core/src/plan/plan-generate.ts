import {
  FabricError,
  framesSeen,
  invariant,
  type LatentShape,
  type Manifest,
  type Piece,
  type Plan,
  type Stage,
  type Start,
  type Take,
  type TakeParameters,
  windowLimit,
} from "@arc-fabric/contract";
import { checkCache } from "./check-cache.ts";
import { assemblePlan, type DraftSegment, type ModelBook } from "./plan-parts.ts";
import { flowSigmas, laggedRows, type Levels } from "./schedule.ts";

/** Blobs with the pixels of given frames, made from uploaded pictures. */
export interface GivenFrames {
  readonly first: string | null;
  readonly last: string | null;
}

/** The plan of a take from a prompt: derived purely from its parameters and the models' manifests. */
export function planGenerate(
  parameters: TakeParameters,
  given: GivenFrames,
  models: ModelBook,
): Plan {
  const manifest = models.manifest(parameters.model);
  const shape = latentShape(parameters, manifest);
  const rows = rowsFor(parameters, shape, given);
  const stages = checkStages(parameters, models, [0, shape[1]]);
  const segments = segmentsFor(parameters, stages, rows.length - 1, shape);
  checkCache(parameters.cache, segments);
  if (given.first || given.last) requireCapability(manifest, "image_to_video", "first_frame");
  return assemblePlan(
    {
      shape,
      start: startFor(parameters, shape, given),
      rows,
      segments,
      decode: {
        model: stages.at(-1)!.model,
        pieces: [{ state: null, frames: [0, shape[1]], first: true }],
        num_frames: parameters.num_frames,
        width: parameters.width,
        height: parameters.height,
      },
      fps: parameters.fps,
    },
    models,
  );
}

/** [channels, latent frames, height, width]: one latent frame for the first frame, then one per group of frames. */
export function latentShape(
  { num_frames, width, height }: Pick<TakeParameters, "num_frames" | "width" | "height">,
  { id, latents, defaults }: Manifest,
): LatentShape {
  const groups = (num_frames - 1) / latents.frames_per_group;
  invariant(
    Number.isInteger(groups),
    `the frame step of ${id} is a multiple of its frames per group`,
  );
  return [
    latents.channels,
    1 + groups,
    (latents.height * height) / defaults.height,
    (latents.width * width) / defaults.width,
  ];
}

function rowsFor(parameters: TakeParameters, shape: LatentShape, given: GivenFrames): Levels[] {
  const sigmas = flowSigmas(parameters.num_inference_steps, parameters.shift);
  const rows = laggedRows(sigmas, shape[1], parameters.frame_lag);
  const last = shape[1] - 1;
  return rows.map((row) =>
    row.map((level, t) => ((t === 0 && given.first) || (t === last && given.last) ? 0 : level)),
  );
}

function startFor(
  { seed, num_frames: numFrames }: TakeParameters,
  shape: LatentShape,
  { first, last }: GivenFrames,
): Start {
  if (!first && !last) return { kind: "noise", seed };
  const frames = shape[1] - (first ? 1 : 0) - (last ? 1 : 0);
  if (frames < 1)
    throw new FabricError(
      "unsupported_value",
      `Between first_frame and last_frame there must be room for new frames: raise num_frames = ${numFrames}.`,
      { details: { field: "num_frames", value: numFrames } },
    );
  const pieces: Piece[] = [{ kind: "noise", frames }];
  if (first) pieces.unshift({ kind: "image", digest: first });
  if (last) pieces.push({ kind: "image", digest: last });
  return { kind: "compose", seed, pieces };
}

function segmentsFor(
  parameters: TakeParameters,
  stages: readonly Stage[],
  totalSteps: number,
  shape: LatentShape,
): DraftSegment[] {
  let from = 0;
  return stages.map(({ model, steps }, i) => {
    // Steps that a lag of the frames adds belong to the last stage.
    const to = i === stages.length - 1 ? totalSteps : from + steps;
    const segment: DraftSegment = {
      model,
      prompt: parameters.prompt,
      negativePrompt: parameters.negative_prompt,
      from,
      to,
      solver: parameters.solver,
      history: from === 0 ? "reset" : "carry",
      guidance_scale: parameters.guidance_scale,
      window: [0, shape[1]],
      keep: null,
      cache: parameters.cache,
    };
    from = to;
    return segment;
  });
}

/** "8 + 10 = 18" */
function sumText(stages: readonly Stage[]): string {
  const steps = stages.map((stage) => stage.steps);
  const sum = steps.reduce((total, count) => total + count, 0);
  return steps.length > 1 ? `${steps.join(" + ")} = ${sum}` : String(sum);
}

/** @throws FabricError `schedule_mismatch`, `latent_space_mismatch`, `model_not_found`, `unsupported_value` */
function checkStages(
  parameters: TakeParameters,
  models: ModelBook,
  window: readonly [number, number],
): readonly Stage[] {
  const { stages, model, num_inference_steps: steps, frame_lag: lag } = parameters;
  for (const { model: id } of stages ?? [{ model }])
    if (lag > 0) requireCapability(models.manifest(id), "frame_levels", "frame_lag");
  if (!stages) return [{ model, steps }];
  const sum = stages.reduce((total, stage) => total + stage.steps, 0);
  if (sum !== steps)
    throw new FabricError(
      "schedule_mismatch",
      `The stages have ${sumText(stages)} steps, but num_inference_steps is ${steps}.`,
      { details: { field: "stages", value: sum, expected: steps } },
    );
  const space = models.manifest(model).latent_space;
  for (const stage of stages) {
    const manifest = models.manifest(stage.model);
    requireSpace(manifest, space, "stages");
    requireSight(manifest, window, "stages");
  }
  const allowed = [...new Set(stages.map((stage) => stage.model))];
  if (!allowed.includes(model))
    throw new FabricError(
      "unsupported_value",
      `model = ${model} has none of the stages. Use ${allowed.join(" or ")}, or leave model out.`,
      { details: { field: "model", value: model, allowed } },
    );
  return stages;
}

/** @throws FabricError `latent_space_mismatch` */
export function requireSpace(manifest: Manifest, space: string, field: string): void {
  if (manifest.latent_space === space) return;
  throw new FabricError(
    "latent_space_mismatch",
    `${manifest.name} works in latent space ${manifest.latent_space}, not in ${space}: latents cannot be handed over to it.`,
    {
      details: { field, value: manifest.id, latent_space: manifest.latent_space, expected: space },
    },
  );
}

/**
 * Whether a take's latents have the size that its model works with now: another version of a model may work with others.
 * @throws FabricError `latent_space_mismatch`
 */
export function requireSameLatents(
  { id, model, plan, parameters }: Pick<Take, "id" | "model" | "plan" | "parameters">,
  models: ModelBook,
): void {
  const manifest = models.manifest(model);
  const [channels, , height, width] = latentShape(
    { ...parameters, num_frames: manifest.defaults.num_frames },
    manifest,
  );
  const [c, , h, w] = plan.shape;
  if (c === channels && h === height && w === width) return;
  const [own, now] = [[c, h, w].join(" x "), [channels, height, width].join(" x ")];
  throw new FabricError(
    "latent_space_mismatch",
    `Take ${id} was made with an earlier version of ${manifest.name}: its latents are ${own} a frame, those of version ${manifest.version} are ${now}. It can be watched, but not be gone on from; generate it anew for that.`,
    { details: { take_id: id, value: own, expected: now } },
  );
}

/**
 * Whether a model's net can see these latent frames at once.
 * @throws FabricError `unsupported_value`
 */
export function requireSight(
  manifest: Manifest,
  window: readonly [number, number],
  field: string,
): void {
  const seen = framesSeen(window);
  const most = windowLimit(manifest);
  if (seen <= most) return;
  throw new FabricError(
    "unsupported_value",
    `${manifest.name} sees at most ${most} latent frames at once, and here are ${seen}.`,
    { details: { field, value: manifest.id, latent_frames: seen, max: most } },
  );
}

/** @throws FabricError `unsupported_value` */
export function requireCapability(
  manifest: Manifest,
  capability: Manifest["capabilities"][number],
  field: string,
): void {
  if (manifest.capabilities.includes(capability)) return;
  throw new FabricError(
    "unsupported_value",
    `${manifest.name} cannot use ${field}: it has no capability ${capability}.`,
    { details: { field, capability, allowed: manifest.capabilities } },
  );
}
