import {
  isCachedStep,
  type DenoiseSegment,
  type NamedParts,
  type Schedule,
  type Start,
} from "@arc-fabric/contract";
import { checkSegment } from "./check-segment.ts";
import { decodeConditioning } from "./conditioning.ts";
import type { Clock } from "./clock.ts";
import { ClipPreview, type RgbFrames } from "./decode-groups.ts";
import { FrameWindow } from "./frame-window.ts";
import { KeptPath } from "./kept-path.ts";
import type { LatentShape } from "./latent-update.ts";
import type { LoadedModel } from "./loaded-model.ts";
import { frameLevels } from "./schedule-levels.ts";
import { makeStart } from "./start.ts";
import { continueState, emptyHistory, encodeState, type TrajectoryState } from "./state.ts";
import { WindowWalk } from "./window-walk.ts";

export interface DenoiseRequest {
  readonly shape: LatentShape;
  readonly start: Start;
  readonly schedule: Schedule;
  readonly segment: DenoiseSegment;
  /** Steps done already: `segment.from`, or more where an interrupted segment goes on. */
  readonly from: number;
  readonly conditioning: Uint8Array;
  /** The state after `from` steps; null exactly when that is 0. */
  readonly state: Uint8Array | null;
  /** What `start` and `segment.keep` name, by digest. */
  readonly blobs: NamedParts;
  /** The kept trajectory's state after so many steps; waits until it is there. */
  keptState(step: number): Promise<Uint8Array>;
  /** Milliseconds between previews; 0 = one with every step. */
  readonly previewIntervalMs: number;
}

export interface DenoisedStep {
  /** Steps done of the whole schedule. */
  readonly step: number;
  /** Level after the step; the frames' mean where they differ. */
  readonly sigma: number;
  readonly seconds: number;
  /** The part of `seconds` spent inside networks (denoiser, and decoder where there is a preview). */
  readonly modelSeconds: number;
  /** The last computed velocity was used again. */
  readonly cached: boolean;
  readonly state: Uint8Array<ArrayBuffer>;
  /** The expected clean clip as this step sees it. */
  readonly preview: RgbFrames | null;
}

/**
 * The denoise loop over explicit noise levels, one yield per step. Between yields it holds everything in place;
 * a consumer that stops iterating ends it at the step's boundary.
 * @throws FabricError `invalid_request` when segment, start, state and model do not belong together, `generation_failed`
 */
export async function* denoise(
  model: LoadedModel,
  request: DenoiseRequest,
  clock: Clock,
): AsyncGenerator<DenoisedStep> {
  const { segment, schedule, shape } = request;
  checkSegment(model.manifest, request);
  const window = new FrameWindow(shape, segment.window);
  const start = await stateBefore(model, request, window);
  const conditioning = decodeConditioning(request.conditioning, model.weightsDigest);
  const kept = keptPath(model, request);
  const walk = new WindowWalk(model, segment, window, conditioning, start);
  const clipPreview = new ClipPreview(model.preview, shape, model.manifest);
  let lastPreviewAt = clock.monotonic();

  for (let step = request.from; step < segment.to; step++) {
    const startedAt = clock.monotonic();
    const levels = frameLevels(schedule, step, shape[1]);
    const nextLevels = frameLevels(schedule, step + 1, shape[1]);
    const velocity = await walk.predict(step, levels, nextLevels);
    let modelMs = clock.monotonic() - startedAt;

    walk.move(velocity, levels, nextLevels);
    if (kept) {
      await kept.blend(walk.latents, step, levels, nextLevels);
      walk.reload();
    }
    const state = encodeState({
      ...start,
      step: step + 1,
      latents: walk.latents,
      frameSigmas: Float64Array.from(nextLevels),
      velocity: walk.keptVelocity(step, velocity),
    });

    let preview: RgbFrames | null = null;
    if (clock.monotonic() - lastPreviewAt >= request.previewIntervalMs) {
      const previewStartedAt = clock.monotonic();
      const expected = walk.expectedClip(nextLevels);
      kept?.show(expected, levels);
      preview = await clipPreview.decode(expected);
      lastPreviewAt = clock.monotonic();
      modelMs += lastPreviewAt - previewStartedAt;
    }
    yield {
      step: step + 1,
      sigma: schedule.sigmas[step + 1]!,
      seconds: (clock.monotonic() - startedAt) / 1000,
      modelSeconds: modelMs / 1000,
      cached: isCachedStep(segment, step),
      state,
      preview,
    };
  }
}

async function stateBefore(
  model: LoadedModel,
  request: DenoiseRequest,
  window: FrameWindow,
): Promise<TrajectoryState> {
  const { manifest, weightsDigest } = model;
  const { shape, segment, from } = request;
  const levels = frameLevels(request.schedule, from, shape[1]);
  if (request.state !== null)
    return continueState(
      request.state,
      { segment, from, shape, levels, seen: window.shape },
      manifest,
      weightsDigest,
    );
  return {
    solver: segment.solver,
    model: manifest.id,
    weightsDigest,
    latentSpace: manifest.latent_space,
    step: 0,
    shape,
    latents: await makeStart(request.start, {
      model,
      shape,
      levels,
      finalLevels: finalLevels(request),
      blobs: request.blobs,
    }),
    frameSigmas: Float64Array.from(levels),
    history: emptyHistory(segment.solver, shape),
    velocity: null,
  };
}

function finalLevels({ schedule, shape }: DenoiseRequest): number[] {
  return frameLevels(schedule, schedule.sigmas.length - 1, shape[1]);
}

function keptPath(model: LoadedModel, request: DenoiseRequest): KeptPath | null {
  const { segment, shape, blobs, schedule } = request;
  if (!segment.keep) return null;
  return new KeptPath(segment.keep, {
    model,
    shape,
    blobs,
    segmentFrom: segment.from,
    totalSteps: schedule.sigmas.length - 1,
    finalLevels: finalLevels(request),
    keptState: (step) => request.keptState(step),
  });
}
