import type { Take } from "@arc-fabric/contract";
import { stateNotStored } from "./derive-take.ts";
import { decodeOf, ownPiece, segmentAt, segmentsOf } from "./plan/plan-parts.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import type { Media } from "./ports/media.ts";
import type { ModelHost, RgbFrames, WorkerLease } from "./ports/model-host.ts";
import type { Store } from "./ports/store.ts";

interface DraftDeps {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly media: Media;
  readonly host: ModelHost;
}

/**
 * The clean frames that the model expects after `step` steps, as a JPEG strip, from one evaluation whose state is thrown away.
 * @throws FabricError `state_not_found`, and what a worker throws
 */
export async function draftState(deps: DraftDeps, take: Take, step: number): Promise<Uint8Array> {
  const stored = await deps.store.getState(take.id, step);
  if (!stored) throw await stateNotStored(deps.store, take, step);
  try {
    return await draftOf(deps, take, step, await deps.blobs.read(stored.digest));
  } catch (error) {
    // It may have been thinned out or deleted in the meantime, with what it is read from.
    if (await deps.store.getState(take.id, step)) throw error;
    throw await stateNotStored(deps.store, take, step);
  }
}

async function draftOf(
  deps: DraftDeps,
  take: Take,
  step: number,
  state: Uint8Array,
): Promise<Uint8Array> {
  const { plan } = take;
  const finished = step === plan.total_steps;
  const model = finished ? decodeOf(plan).model : segmentAt(plan, step).model;
  const lease = await deps.host.acquire(model, {
    signal: new AbortController().signal,
    onProgress: () => {},
    onLog: () => {},
  });
  try {
    const frames = finished
      ? await decodeAll(take, lease, state)
      : await expectedFrames(deps, { take, lease, step, state });
    return await deps.media.encodeStrip(frames);
  } finally {
    lease.release();
  }
}

async function expectedFrames(
  { blobs }: DraftDeps,
  { take, lease, step, state }: { take: Take; lease: WorkerLease; step: number; state: Uint8Array },
): Promise<RgbFrames> {
  const { plan } = take;
  const segment = segmentAt(plan, step);
  const { prompt, negative_prompt: negativePrompt } = segmentsOf(plan, "encode")[
    segment.conditioning
  ]!;
  const { signal } = new AbortController();
  const { conditioning } = await lease.encode({ prompt, negativePrompt }, signal);
  const { shape, start, schedule } = plan;
  const steps = lease.denoise(
    {
      shape,
      start,
      schedule,
      segment,
      from: step,
      conditioning,
      state,
      previewIntervalMs: 0,
      readBlob: (digest) => blobs.read(digest),
    },
    signal,
  );
  for await (const { preview } of steps) if (preview) return preview;
  throw new Error("A step with a preview interval of 0 has a preview.");
}

async function decodeAll(take: Take, lease: WorkerLease, state: Uint8Array): Promise<RgbFrames> {
  const { width, height, pieces } = decodeOf(take.plan);
  const piece = ownPiece(take.plan) ?? pieces[0]!;
  const groups: RgbFrames[] = [];
  const request = { piece, width, height, state };
  for await (const group of lease.decode(request, new AbortController().signal)) groups.push(group);
  return {
    count: groups.reduce((sum, { count }) => sum + count, 0),
    width,
    height,
    data: Buffer.concat(groups.map(({ data }) => data)),
  };
}
