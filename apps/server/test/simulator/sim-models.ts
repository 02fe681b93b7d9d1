import { type Environment, type Manifest, manifestSchema } from "@arc-fabric/contract";

/** What a server life computes with. Every state depends on it. */
export interface Conditions {
  readonly environment: Environment;
  readonly models: readonly Manifest[];
}

const base = {
  family: "sim",
  runtime: "onnx",
  version: "1",
  description: "Computes digests.",
  licence: "Apache-2.0",
  capabilities: ["text_to_video", "image_to_video", "frame_levels"],
  latents: { channels: 1, height: 4, width: 4, frames_per_group: 4 },
  limits: {
    width: [8],
    height: [8],
    num_frames: { min: 5, max: 17, step: 4 },
    fps: { min: 1, max: 30 },
    num_inference_steps: { min: 1, max: 8 },
    guidance_scale: { min: 0, max: 15 },
    prompt_chars: 100,
  },
  defaults: {
    width: 8,
    height: 8,
    num_frames: 9,
    fps: 8,
    num_inference_steps: 4,
    guidance_scale: 4,
    solver: "euler",
    shift: 1,
  },
  memory_bytes: 1,
};

/** Two models of one latent space and one of another. @param weights tells one version of the weights from another */
export function simModels(weights: number): Manifest[] {
  return ["sim-a", "sim-b", "sim-c"].map((id) =>
    manifestSchema.parse({
      ...base,
      id,
      name: id,
      latent_space: id === "sim-c" ? "sim-2" : "sim-1",
      files: [
        {
          path: "weights",
          role: "denoiser",
          bytes: 1,
          sha256: Buffer.from(`${id} ${weights}`).toString("hex").padEnd(64, "0"),
        },
      ],
    }),
  );
}
