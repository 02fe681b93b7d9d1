import { asFloat32, decodeSafetensors, FabricError } from "@arc-fabric/contract";
import type { LatentShape } from "./latent-update.ts";

/** [T, H, W]: 1 = made anew, 0 = kept bit for bit, between = blended. The same for every channel. */
export type Mask = Float32Array;

/** @throws FabricError `invalid_mask` when it is not a mask of this clip */
export function readMask(blob: Uint8Array, [, frames, height, width]: LatentShape): Mask {
  const { mask } = decodeSafetensors(blob).tensors;
  const shape = [frames, height, width].join(", ");
  if (!mask || mask.dtype !== "F32" || mask.shape.join(", ") !== shape)
    throw new FabricError(
      "invalid_mask",
      `A mask of this clip is an F32 tensor "mask" of shape [${shape}]; this one is ${mask ? `${mask.dtype} [${mask.shape.join(", ")}]` : "missing"}.`,
    );
  const values = asFloat32(mask);
  const wrong = values.find((value) => !(value >= 0 && value <= 1));
  if (wrong !== undefined)
    throw new FabricError(
      "invalid_mask",
      `A mask's values lie between 0 and 1; this one has ${wrong}.`,
    );
  return values;
}

/**
 * Puts the kept clip's cells into `clip`: under 0 by copying, so that they are equal bit for bit; under 1 not at all; between
 * on the line from kept to new.
 * @param weightOf what counts for a frame: its mask as it is, only its zeros, or nothing
 */
export function blendKept(
  clip: Float32Array,
  kept: Float32Array,
  mask: Mask,
  [channels, frames, height, width]: LatentShape,
  weightOf: (frame: number) => "mask" | "zeros" | "nothing" = () => "mask",
): void {
  const plane = height * width;
  for (let frame = 0; frame < frames; frame++) {
    const weight = weightOf(frame);
    if (weight === "nothing") continue;
    for (let channel = 0; channel < channels; channel++) {
      const start = (channel * frames + frame) * plane;
      for (let cell = 0; cell < plane; cell++) {
        const share = mask[frame * plane + cell]!;
        const i = start + cell;
        if (share === 0) clip[i] = kept[i]!;
        else if (share < 1 && weight === "mask") clip[i] = kept[i]! + share * (clip[i]! - kept[i]!);
      }
    }
  }
}
