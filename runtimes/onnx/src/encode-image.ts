import { decodeSafetensors, FabricError } from "@arc-fabric/contract";
import type { LoadedModel } from "./loaded-model.ts";
import { float32, float32Values } from "./ort.ts";

/**
 * One latent frame [C, 1, H, W] from a picture: a safetensors blob with `rgb` u8 [height, width, 3]. The picture stands for a
 * group of frames that are all alike. The graph: `frames` [N, frames per group, 3, height, width] in [0, 1] -> `latents` [N, C, H, W].
 * @throws FabricError `invalid_image`; `unsupported_value` where the model has no encoder
 */
export async function encodeImage(model: LoadedModel, blob: Uint8Array): Promise<Float32Array> {
  const { manifest, encoder } = model;
  const { width, height } = manifest.defaults;
  if (encoder === null)
    throw new FabricError(
      "unsupported_value",
      `${manifest.id} has no encoder, so it cannot start from a picture.`,
    );
  const { rgb } = decodeSafetensors(blob).tensors;
  if (!rgb || rgb.dtype !== "U8" || rgb.shape.join() !== [height, width, 3].join())
    throw new FabricError(
      "invalid_image",
      `${manifest.id} encodes pictures of shape [${height}, ${width}, 3]; this one is ${rgb ? `${rgb.dtype} [${rgb.shape.join(", ")}]` : "missing"}.`,
    );
  const perGroup = manifest.latents.frames_per_group;
  const pixels = height * width;
  const frames = new Float32Array(perGroup * 3 * pixels);
  for (let i = 0; i < pixels; i++)
    for (let colour = 0; colour < 3; colour++)
      frames[colour * pixels + i] = rgb.data[i * 3 + colour]! / 255;
  for (let frame = 1; frame < perGroup; frame++)
    frames.copyWithin(frame * 3 * pixels, 0, 3 * pixels);
  const graph = await encoder.open();
  const { latents } = await graph.run({ frames: float32(frames, [1, perGroup, 3, height, width]) });
  if (!latents)
    throw new FabricError(
      "weights_corrupt",
      `The encoder of ${manifest.id} has no output "latents".`,
    );
  return float32Values(latents);
}
