import { type DenoiseSegment, isGuidedStep, newId, type TakeWarning } from "@arc-fabric/contract";
import { decodeOf, segmentAt, segmentsOf } from "../plan/plan-parts.ts";
import { rowsOf } from "../plan/schedule.ts";
import type { ClipFile } from "../ports/media.ts";
import type { StepResult, WorkerLease } from "../ports/model-host.ts";
import type { Claim } from "../ports/store.ts";
import { decodeToFiles } from "./decode-clip.ts";
import { EditProver } from "./edit-proof.ts";
import { Leases } from "./leases.ts";
import { guard, record, type Run, type RunTakeDeps } from "./run.ts";
import type { RunControl } from "./run-control.ts";
import type { TakeLog } from "./take-log.ts";
import {
  adoptPrefix,
  crossEnvironment,
  environmentDigest,
  lastReached,
  nextDerivation,
  type Reached,
} from "./trajectory-end.ts";

/**
 * Executes a claimed take's plan from its last stored state and completes it.
 * @throws the signal's reason when aborted, a stop reason when it was told to stop or another owns the take by now,
 * FabricError when something failed; what was stored stays stored in every case
 */
export async function runTake(
  deps: RunTakeDeps,
  claim: Claim,
  log: TakeLog,
  control: RunControl,
): Promise<void> {
  const run: Run = { ...deps, claim, log, control, warned: [], changes: [] };
  const { parameters } = claim.take;
  const leases = new Leases(run);
  run.live.open(claim.take.id, { fps: parameters.fps, numFrames: parameters.num_frames });
  try {
    const reached = await start(run, leases);
    const final = await denoiseAll(run, leases, reached);
    const prover = EditProver.of(run, final.bytes);
    const files = await decodeToFiles(run, leases, final, prover);
    await publish(run, files);
    await prover?.prove(await leases.of(decodeOf(claim.take.plan).model));
    await guard(run.store.completeTake(claim, run.system.now()));
    log.write("info", "Completed.");
  } finally {
    leases.release();
    run.live.close(claim.take.id);
    await run.blobs.removeWorkDirectory(claim.take.id);
  }
}

/** Finds where to go on: this take's own last state, or a longer beginning that another take has stored. */
async function start(run: Run, leases: Leases): Promise<Reached> {
  const { take } = run.claim;
  const own = await lastReached(run);
  const lease = await leases.of(modelAt(run, own.step));
  const reached = await adoptPrefix(run, own, lease.environment);
  const { environment } = lease;
  await record(
    run,
    {
      type: "take.started",
      data: { take_id: take.id, resumed_from_step: reached.step, environment },
    },
    { phase: "encoding", environment: take.environment ?? environment },
  );
  run.log.write(
    "info",
    reached.step > 0
      ? `Continues after step ${reached.step} on ${lease.workerId}.`
      : `Started on ${lease.workerId}.`,
  );
  return reached;
}

function modelAt(run: Run, step: number): string {
  const { plan } = run.claim.take;
  return step < plan.total_steps ? segmentAt(plan, step).model : decodeOf(plan).model;
}

async function denoiseAll(run: Run, leases: Leases, from: Reached): Promise<Reached> {
  let reached = from;
  for (const segment of segmentsOf(run.claim.take.plan, "denoise")) {
    if (segment.to <= reached.step) continue;
    const lease = await leases.of(segment.model);
    reached = await crossEnvironment(run, reached, lease, segment.model);
    reached = await denoise(run, lease, segment, reached);
  }
  return reached;
}

async function encode(run: Run, lease: WorkerLease, segment: DenoiseSegment): Promise<Uint8Array> {
  const { take } = run.claim;
  const { prompt, negative_prompt: negativePrompt } = segmentsOf(take.plan, "encode")[
    segment.conditioning
  ]!;
  const { conditioning, warnings } = await lease.encode(
    { prompt, negativePrompt },
    run.control.signal,
  );
  await warn(run, [...warnings, ...unusedNegative(negativePrompt, segment, run)]);
  return conditioning;
}

function unusedNegative(
  negativePrompt: string,
  { model, from, to, guidance_scale: scale }: DenoiseSegment,
  { models, claim }: Pick<Run, "models" | "claim">,
): TakeWarning[] {
  if (negativePrompt === "") return [];
  const manifest = models.manifest(model);
  const { guidance_built_in: single, guidance_until: until, name } = manifest;
  const warning = (message: string): TakeWarning[] => [
    { code: "negative_prompt_unused", message, words: [] },
  ];
  if (scale === single)
    return warning(
      `The negative prompt has no effect on ${name} at guidance_scale ${single}. Raise it, for example to ${single + 0.5}.`,
    );
  const rows = rowsOf(claim.take.plan).slice(from, to + 1);
  if (rows.slice(1).some((next, index) => isGuidedStep(manifest, rows[index]!, next))) return [];
  return warning(
    `The negative prompt has no effect on ${name} in these steps: from noise level ${until} on they are not guided. Begin at an earlier step.`,
  );
}

/** Warnings that the take does not have yet: the same prompt may be encoded for several segments or attempts. */
async function warn(run: Run, warnings: readonly TakeWarning[]): Promise<void> {
  const { take } = run.claim;
  const known = new Set([...take.warnings, ...run.warned].map((warning) => warning.message));
  const fresh = warnings.filter((warning) => !known.has(warning.message));
  if (fresh.length === 0) return;
  run.warned.push(...fresh);
  await record(
    run,
    { type: "take.warned", data: { take_id: take.id, warnings: fresh } },
    { warnings: [...take.warnings, ...run.warned] },
  );
}

async function denoise(
  run: Run,
  lease: WorkerLease,
  segment: DenoiseSegment,
  from: Reached,
): Promise<Reached> {
  const { take } = run.claim;
  const { shape, start: begin, schedule } = take.plan;
  const conditioning = await encode(run, lease, segment);
  const changed = record(
    run,
    { type: "phase.changed", data: { take_id: take.id, phase: "denoising" } },
    { phase: "denoising" },
  );
  const request = {
    shape,
    start: begin,
    schedule,
    segment,
    from: from.step,
    conditioning,
    state: from.bytes,
    previewIntervalMs: run.previewIntervalMs,
    readBlob: (digest: string) => run.blobs.read(digest),
  };
  const environment = environmentDigest(lease.environment);
  let reached = from;
  // One state is written while the worker computes the next step.
  let storing = changed;
  storing.catch(() => {});
  run.control.enterSteps();
  for await (const result of lease.denoise(request, run.control.signal)) {
    await storing;
    const derivation = nextDerivation(run, reached, lease);
    storing = storeStep(run, result, derivation, environment);
    storing.catch(() => {});
    reached = { step: result.step, bytes: result.state, derivation, environment };
    if (run.control.endSteps()) break;
  }
  await storing;
  run.control.leaveSteps();
  return reached;
}

/** The state is on disk before its step is announced (invariant 1). */
async function storeStep(
  run: Run,
  result: StepResult,
  derivation: string,
  environment: string,
): Promise<void> {
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
  const state = {
    step,
    sigma,
    seconds,
    model_seconds: modelSeconds,
    ...blob,
    derivation,
    environment,
    previewDigest,
  };
  await guard(run.store.addState(run.claim, state, run.system.now()));
}

async function publish(run: Run, files: readonly ClipFile[]): Promise<void> {
  const { take } = run.claim;
  await record(
    run,
    { type: "phase.changed", data: { take_id: take.id, phase: "finishing" } },
    { phase: "finishing" },
  );
  // An attempt that was lost between two artifacts has left the first ones. Their bytes are the same, unless a damaged state
  // was computed again in another environment since.
  const present = new Set(take.artifacts.map(({ kind, digest }) => `${kind} ${digest}`));
  for (const file of files) {
    const blob = await run.blobs.putFile(file.path);
    if (present.has(`${file.kind} ${blob.digest}`)) continue;
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
