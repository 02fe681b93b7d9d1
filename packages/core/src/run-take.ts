import { isFabricError, newId, type ArtifactKind, type NewEvent } from "@arc-fabric/contract";
import { stateDerivation } from "./derivation.ts";
import type { LiveHub } from "./live-hub.ts";
import { segmentOf } from "./plan-take.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import type { ClipFile, ClipWriter, Media } from "./ports/media.ts";
import type { ModelHost, StepResult, WorkerLease } from "./ports/model-host.ts";
import type { Claim, Store, TakePatch } from "./ports/store.ts";
import type { System } from "./ports/system.ts";
import { claimLost } from "./stop-reason.ts";
import type { TakeLog } from "./take-log.ts";

export interface RunTakeDeps {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly host: ModelHost;
  readonly media: Media;
  readonly live: LiveHub;
  readonly system: System;
  readonly previewIntervalMs: number;
}

/** One attempt at a take, from wherever its trajectory ends to its files. */
interface Run extends RunTakeDeps {
  readonly claim: Claim;
  readonly log: TakeLog;
  readonly signal: AbortSignal;
}

/** The end of a trajectory so far; `bytes` is null before the first step. */
interface Reached {
  readonly step: number;
  readonly bytes: Uint8Array | null;
}

/**
 * Executes a claimed take's plan from its last stored state and completes it.
 * @throws the signal's reason when aborted, the claim-lost stop reason when another owns the take by now,
 * FabricError when something failed; what was stored stays stored in every case
 */
export async function runTake(
  deps: RunTakeDeps,
  claim: Claim,
  log: TakeLog,
  signal: AbortSignal,
): Promise<void> {
  const run: Run = { ...deps, claim, log, signal };
  const { parameters } = claim.take;
  run.live.open(claim.take.id, { fps: parameters.fps, numFrames: parameters.num_frames });
  try {
    const lease = await acquireWorker(run);
    try {
      const reached = await lastReached(run);
      const conditioning = await startAndEncode(run, lease, reached);
      const final = await denoise(run, lease, reached, conditioning);
      const files = await decodeToFiles(run, lease, final);
      await publish(run, files);
    } finally {
      lease.release();
    }
    await guard(run.store.completeTake(claim, run.system.now()));
    log.write("info", "Completed.");
  } finally {
    run.live.close(claim.take.id);
    await run.blobs.removeWorkDirectory(claim.take.id);
  }
}

async function acquireWorker(run: Run): Promise<WorkerLease> {
  const { model } = run.claim.take;
  if (run.host.status(model) !== "warm")
    await record(
      run,
      { type: "phase.changed", data: { take_id: run.claim.take.id, phase: "loading" } },
      { phase: "loading" },
    );
  return run.host.acquire(model, {
    signal: run.signal,
    onProgress: (fraction, stage) =>
      run.log.write("debug", `Loading ${model}: ${stage} ${Math.round(fraction * 100)} %`),
    onLog: (line) => run.log.write("info", line, "worker"),
  });
}

/** The newest state that is whole; torn ones are dropped, so that the take falls back to the one before. */
async function lastReached(run: Run): Promise<Reached> {
  for (;;) {
    const state = await run.store.latestState(run.claim.take.id);
    if (!state) return { step: 0, bytes: null };
    try {
      return { step: state.step, bytes: await run.blobs.read(state.digest) };
    } catch (error) {
      if (!isFabricError(error) || error.code !== "state_corrupt") throw error;
      run.log.write(
        "warn",
        `The state of step ${state.step} is damaged; going back one step. ${error.message}`,
      );
      await run.store.dropState(run.claim, state.step);
    }
  }
}

async function startAndEncode(run: Run, lease: WorkerLease, reached: Reached): Promise<Uint8Array> {
  const { take } = run.claim;
  const { prompt, negative_prompt: negativePrompt } = segmentOf(take.plan, "encode");
  const [, encoded] = await Promise.all([
    record(
      run,
      {
        type: "take.started",
        data: { take_id: take.id, resumed_from_step: reached.step, environment: lease.environment },
      },
      { phase: "encoding", environment: lease.environment },
    ),
    lease.encode({ prompt, negativePrompt }, run.signal),
  ]);
  run.log.write(
    "info",
    reached.step > 0
      ? `Continues after step ${reached.step} on ${lease.workerId}.`
      : `Started on ${lease.workerId}.`,
  );
  if (encoded.warnings.length > 0)
    await record(
      run,
      { type: "take.warned", data: { take_id: take.id, warnings: encoded.warnings } },
      { warnings: encoded.warnings },
    );
  return encoded.conditioning;
}

async function denoise(
  run: Run,
  lease: WorkerLease,
  reached: Reached,
  conditioning: Uint8Array,
): Promise<Reached> {
  const { take } = run.claim;
  const segment = segmentOf(take.plan, "denoise");
  if (reached.step >= segment.to) return reached;
  const changed = record(
    run,
    { type: "phase.changed", data: { take_id: take.id, phase: "denoising" } },
    { phase: "denoising" },
  );
  const request = {
    segment: { ...segment, from: reached.step },
    conditioning,
    state: reached.bytes,
    previewIntervalMs: run.previewIntervalMs,
  };
  let last = reached;
  // One state is written while the worker computes the next step.
  let storing = changed;
  storing.catch(() => {});
  for await (const step of lease.denoise(request, run.signal)) {
    await storing;
    storing = storeStep(run, step);
    storing.catch(() => {});
    last = { step: step.step, bytes: step.state };
  }
  await storing;
  return last;
}

/** The state is on disk before its step is announced (invariant 1). */
async function storeStep(run: Run, result: StepResult): Promise<void> {
  const { take } = run.claim;
  if (result.preview) run.live.preview(take.id, result.step, result.preview);
  const [blob, previewDigest] = await Promise.all([
    run.blobs.put(result.state),
    result.preview
      ? run.media
          .encodeStrip(result.preview)
          .then(async (jpeg) => (await run.blobs.put(jpeg)).digest)
      : null,
  ]);
  const { step, sigma, seconds, modelSeconds } = result;
  const derivation = stateDerivation(take.plan, step);
  const state = {
    step,
    sigma,
    seconds,
    model_seconds: modelSeconds,
    ...blob,
    derivation,
    previewDigest,
  };
  await guard(run.store.addState(run.claim, state, run.system.now()));
}

async function decodeToFiles(
  run: Run,
  lease: WorkerLease,
  final: Reached,
): Promise<readonly ClipFile[]> {
  const { take } = run.claim;
  const segment = segmentOf(take.plan, "decode");
  await record(
    run,
    { type: "phase.changed", data: { take_id: take.id, phase: "decoding" } },
    { phase: "decoding" },
  );
  const directory = await run.blobs.workDirectory(take.id);
  const { fps } = segmentOf(take.plan, "post_process");
  const clip = await run.media.openClip({
    width: segment.width,
    height: segment.height,
    fps,
    numFrames: segment.num_frames,
    directory,
  });
  try {
    await writeFrames(run, lease, clip, final);
    return await clip.finish();
  } catch (error) {
    await clip.abort();
    throw error;
  }
}

async function writeFrames(
  run: Run,
  lease: WorkerLease,
  clip: ClipWriter,
  final: Reached,
): Promise<void> {
  const { take } = run.claim;
  const segment = segmentOf(take.plan, "decode");
  for await (const frames of lease.decode({ segment, state: final.bytes! }, run.signal))
    await Promise.all([
      clip.write(frames),
      run.live.finishedFrames(take.id, frames.firstFrame, final.step, frames),
    ]);
}

async function publish(run: Run, files: readonly ClipFile[]): Promise<void> {
  const { take } = run.claim;
  await record(
    run,
    { type: "phase.changed", data: { take_id: take.id, phase: "finishing" } },
    { phase: "finishing" },
  );
  // An attempt that was lost between two artifacts has left the first ones; their bytes are the same.
  const present = new Set<ArtifactKind>(take.artifacts.map((artifact) => artifact.kind));
  for (const file of files.filter(({ kind }) => !present.has(kind))) {
    const blob = await run.blobs.putFile(file.path);
    const now = run.system.now();
    const artifact = {
      id: newId("art", now, (count) => run.system.randomBytes(count)),
      take_id: take.id,
      kind: file.kind,
      media_type: file.mediaType,
      metadata: { ...file.metadata },
      created_at: new Date(now).toISOString(),
      ...blob,
    };
    await guard(run.store.addArtifact(run.claim, artifact, now));
  }
}

function record(run: Run, event: NewEvent, patch: TakePatch): Promise<void> {
  return guard(run.store.record(run.claim, event, patch, run.system.now()));
}

async function guard(written: Promise<boolean>): Promise<void> {
  if (!(await written)) throw claimLost;
}
