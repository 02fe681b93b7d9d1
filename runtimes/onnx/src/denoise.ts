import { FabricError, type DenoiseSegment } from "@arc-fabric/contract";
import { decodeConditioning } from "./conditioning.ts";
import type { Clock } from "./clock.ts";
import { decodeGroups, type RgbFrames } from "./decode-groups.ts";
import { DenoiserBatch } from "./denoiser-batch.ts";
import { updateLatents } from "./latent-update.ts";
import type { LoadedModel } from "./loaded-model.ts";
import { drawNoise } from "./noise.ts";
import { checkSchedule, frameLevels } from "./schedule-levels.ts";
import { NO_HISTORY, stepCoefficients } from "./solver.ts";
import { encodeState, resumeState, type TrajectoryState } from "./state.ts";

export interface DenoiseRequest {
  readonly segment: DenoiseSegment;
  readonly conditioning: Uint8Array;
  /** The state `segment.from` starts from; null exactly when that is 0. */
  readonly state: Uint8Array | null;
  /** Milliseconds between previews; 0 = one with every step. */
  readonly previewIntervalMs: number;
}

export interface DenoisedStep {
  /** Steps done of the whole schedule. */
  readonly step: number;
  /** Level of the noisiest frame after the step. */
  readonly sigma: number;
  readonly seconds: number;
  /** The part of `seconds` spent inside networks (denoiser, and decoder where there is a preview). */
  readonly modelSeconds: number;
  readonly state: Uint8Array<ArrayBuffer>;
  /** The expected clean clip as this step sees it. */
  readonly preview: RgbFrames | null;
}

/**
 * The denoise loop over explicit noise levels, one yield per step. Between yields it holds everything in place;
 * a consumer that stops iterating ends it at the step's boundary.
 * @throws FabricError `invalid_request` when segment, state and model do not belong together, `generation_failed`
 */
export async function* denoise(
  model: LoadedModel,
  request: DenoiseRequest,
  clock: Clock,
): AsyncGenerator<DenoisedStep> {
  const { segment } = request;
  checkSegment(model, request);
  const start =
    request.state === null
      ? beginState(model, segment)
      : resumeState(request.state, segment, model.weightsDigest);
  const conditioning = decodeConditioning(request.conditioning, model.weightsDigest);
  const { schedule, solver, shape } = segment;
  const frames = shape[1];
  const batch = new DenoiserBatch(
    model.denoiser,
    start.latents,
    shape,
    conditioning,
    segment.guidance_scale,
  );
  const clean = new Float32Array(batch.latents.length);
  const { history } = start;
  let lastPreviewAt = clock.monotonic();

  for (let step = segment.from; step < segment.to; step++) {
    const startedAt = clock.monotonic();
    const levels = frameLevels(schedule, step, frames);
    const nextLevels = frameLevels(schedule, step + 1, frames);
    const velocity = await batch.run(levels);
    let modelMs = clock.monotonic() - startedAt;

    const coefficients = levels.map((sigma, frame) =>
      stepCoefficients(solver, sigma, nextLevels[frame]!, history?.sigmas[frame] ?? NO_HISTORY),
    );
    updateLatents(batch.latents, clean, history?.clean ?? null, velocity, coefficients, shape);
    levels.forEach((sigma, frame) => {
      if (history && nextLevels[frame] !== sigma) history.sigmas[frame] = sigma;
    });
    const state = encodeState({
      ...start,
      step: step + 1,
      latents: batch.latents,
      frameSigmas: Float64Array.from(nextLevels),
    });

    let preview: RgbFrames | null = null;
    if (clock.monotonic() - lastPreviewAt >= request.previewIntervalMs) {
      const previewStartedAt = clock.monotonic();
      preview = await decodeWholeClip(model, clean, shape);
      lastPreviewAt = clock.monotonic();
      modelMs += lastPreviewAt - previewStartedAt;
    }
    const seconds = (clock.monotonic() - startedAt) / 1000;
    yield {
      step: step + 1,
      sigma: Math.max(...nextLevels),
      seconds,
      modelSeconds: modelMs / 1000,
      state,
      preview,
    };
  }
}

async function decodeWholeClip(
  model: LoadedModel,
  latents: Float32Array,
  shape: DenoiseSegment["shape"],
): Promise<RgbFrames> {
  const groups: RgbFrames[] = [];
  for await (const group of decodeGroups(model.preview, latents, shape, model.manifest))
    groups.push(group);
  const [first] = groups;
  if (!first) throw new FabricError("invalid_request", "A clip has at least one latent frame.");
  const data = new Uint8Array(groups.reduce((sum, group) => sum + group.data.byteLength, 0));
  let count = 0;
  let offset = 0;
  for (const group of groups) {
    data.set(group.data, offset);
    offset += group.data.byteLength;
    count += group.count;
  }
  return { count, width: first.width, height: first.height, data };
}

function beginState(model: LoadedModel, segment: DenoiseSegment): TrajectoryState {
  const { schedule, shape, solver } = segment;
  const levels = frameLevels(schedule, 0, shape[1]);
  if (levels.some((level) => level !== 1))
    throw new FabricError(
      "invalid_request",
      `A clip from noise starts at level 1, but the schedule starts at ${Math.min(...levels)}.`,
    );
  const latents = drawNoise(segment.seed, shape);
  return {
    solver,
    step: 0,
    totalSteps: schedule.sigmas.length - 1,
    model: segment.model,
    weightsDigest: model.weightsDigest,
    shape,
    latents,
    frameSigmas: Float64Array.from(levels),
    history:
      solver === "dpmpp_2m"
        ? {
            clean: new Float32Array(latents.length),
            sigmas: new Float64Array(shape[1]).fill(NO_HISTORY),
          }
        : null,
  };
}

function checkSegment(model: LoadedModel, { segment, state }: DenoiseRequest): void {
  const { manifest } = model;
  const { channels, height, width } = manifest.latents;
  const [c, frames, h, w] = segment.shape;
  if (segment.model !== manifest.id)
    throw new FabricError(
      "invalid_request",
      `The segment is for ${segment.model}, but ${manifest.id} is loaded.`,
    );
  if (c !== channels || h !== height || w !== width || frames < 1)
    throw new FabricError(
      "unsupported_value",
      `${manifest.id} has latents [${channels}, frames, ${height}, ${width}]; the segment asks for [${segment.shape.join(", ")}].`,
    );
  if ((state === null) !== (segment.from === 0))
    throw new FabricError(
      "invalid_request",
      `A segment from step ${segment.from} needs ${segment.from === 0 ? "no" : "a"} state.`,
    );
  checkSchedule(segment.schedule, segment.from, segment.to, frames);
}
