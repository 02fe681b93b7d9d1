import { decodeConditioning, encodePrompts } from "./conditioning.ts";
import { decodeGroups } from "./decode-groups.ts";
import { DenoiserBatch } from "./denoiser-batch.ts";
import type { LatentShape } from "./latent-update.ts";
import type { LoadedModel } from "./loaded-model.ts";

/** A scale that needs both guidance rows: the larger of the two batch sizes. */
const GUIDED = 2;

/** Runs every network once at the model's default size, so that the first take does not pay for the first allocations. */
export async function warmUp(model: LoadedModel): Promise<void> {
  const { channels, height, width, frames_per_group: perGroup } = model.manifest.latents;
  const frames = 1 + (model.manifest.defaults.num_frames - 1) / perGroup;
  const shape: LatentShape = [channels, frames, height, width];
  const latents = new Float32Array(channels * frames * height * width);
  const conditioning = decodeConditioning(
    (await encodePrompts(model, { prompt: "", negativePrompt: "" })).conditioning,
    model.weightsDigest,
  );
  await new DenoiserBatch(model.denoiser, latents, shape, conditioning, GUIDED).run(true, () =>
    new Array<number>(frames).fill(1),
  );
  for (const graph of new Set([model.decoder, model.preview]))
    await decodeGroups(graph, latents, shape, model.manifest, {
      frames: [0, 1],
      first: true,
    }).next();
}
