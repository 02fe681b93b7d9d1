import {
  FabricError,
  isFabricError,
  type Comparison,
  type Take,
  type TakeParameters,
} from "@arc-fabric/contract";
import { requireCompleted } from "./derive-take.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import type { Media } from "./ports/media.ts";
import type { RgbFrames } from "./ports/model-host.ts";
import type { Store } from "./ports/store.ts";

interface CompareDeps {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly media: Media;
}

const PEAK = 255;
/** Differences are brightened, so that small ones can be seen. */
const GAIN = 4;
/** Pictures of a difference strip. */
const STRIP_FRAMES = 9;

/** How two completed takes differ. @throws FabricError `take_not_completed` */
export async function compareTakes(deps: CompareDeps, a: Take, b: Take): Promise<Comparison> {
  const names = Object.keys(a.parameters) as (keyof TakeParameters)[];
  const parameters = names
    .filter((name) => JSON.stringify(a.parameters[name]) !== JSON.stringify(b.parameters[name]))
    .map((name) => ({ name, a: a.parameters[name], b: b.parameters[name] }));
  const frames = await bothClips(deps, a, b).catch((error: unknown) => {
    if (isFabricError(error) && error.code === "unsupported_value") return null;
    throw error;
  });
  return {
    a: a.id,
    b: b.id,
    parameters,
    shared_steps: await sharedSteps(deps.store, a, b),
    psnr_db: frames && psnr(frames),
    frame_differences: frames ? frameDifferences(frames) : [],
  };
}

/**
 * A JPEG strip of the absolute differences, grey, four times as bright.
 * @throws FabricError `take_not_completed`, `unsupported_value` when the pictures have different sizes
 */
export async function differencePicture(deps: CompareDeps, a: Take, b: Take): Promise<Uint8Array> {
  const clips = await bothClips(deps, a, b);
  const { width, height } = clips[0];
  const total = Math.min(clips[0].count, clips[1].count);
  const count = Math.min(total, STRIP_FRAMES);
  const size = width * height;
  const data = new Uint8Array(count * size * 3);
  for (let i = 0; i < count; i++) {
    const frame = count === 1 ? 0 : Math.round((i * (total - 1)) / (count - 1));
    for (let pixel = 0; pixel < size; pixel++) {
      const at = (frame * size + pixel) * 3;
      let sum = 0;
      for (let c = 0; c < 3; c++) sum += Math.abs(clips[0].data[at + c]! - clips[1].data[at + c]!);
      data.fill(
        Math.min(PEAK, (sum * GAIN) / 3),
        (i * size + pixel) * 3,
        (i * size + pixel) * 3 + 3,
      );
    }
  }
  return deps.media.encodeStrip({ count, width, height, data });
}

async function bothClips(
  deps: CompareDeps,
  a: Take,
  b: Take,
): Promise<readonly [RgbFrames, RgbFrames]> {
  const clips = [await readClip(deps, a), await readClip(deps, b)] as const;
  if (clips[0].width === clips[1].width && clips[0].height === clips[1].height) return clips;
  throw new FabricError(
    "unsupported_value",
    `The pictures of take ${a.id} (${clips[0].width}x${clips[0].height}) and take ${b.id} (${clips[1].width}x${clips[1].height}) have different sizes.`,
    { details: { field: "other_id", value: b.id } },
  );
}

async function readClip({ blobs, media }: CompareDeps, take: Take): Promise<RgbFrames> {
  requireCompleted(take);
  const video = take.artifacts.find(({ kind }) => kind === "video");
  if (!video)
    throw new FabricError("artifact_not_ready", `Take ${take.id} has no video.`, {
      details: { take_id: take.id },
    });
  return media.readClip(await blobs.read(video.digest));
}

async function sharedSteps(store: Store, a: Take, b: Take): Promise<number> {
  const [ofA, ofB] = await Promise.all([store.listStates(a.id), store.listStates(b.id)]);
  const digests = new Map(ofB.map(({ step, digest }) => [step, digest]));
  return Math.max(
    0,
    ...ofA.filter(({ step, digest }) => digests.get(step) === digest).map(({ step }) => step),
  );
}

function frameDifferences([a, b]: readonly [RgbFrames, RgbFrames]): number[] {
  const size = a.width * a.height * 3;
  return Array.from({ length: Math.min(a.count, b.count) }, (_, frame) => {
    let sum = 0;
    for (let i = frame * size; i < (frame + 1) * size; i++)
      sum += Math.abs(a.data[i]! - b.data[i]!);
    return sum / size;
  });
}

function psnr([a, b]: readonly [RgbFrames, RgbFrames]): number | null {
  const length = Math.min(a.data.length, b.data.length);
  let squares = 0;
  for (let i = 0; i < length; i++) squares += (a.data[i]! - b.data[i]!) ** 2;
  return squares === 0 ? null : 10 * Math.log10(PEAK ** 2 / (squares / length));
}
