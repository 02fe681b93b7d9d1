import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Manifest } from "@arc-fabric/contract";

const WEIGHTS = "the weights of the fake model";

/** A model small enough that a test generates a clip in milliseconds. */
export const FAKE_MANIFEST: Manifest = {
  id: "fake-s",
  name: "Fake S",
  family: "fake",
  runtime: "onnx",
  latent_space: "fake-v1",
  version: "0.1.0",
  description: "Stands in for a real model in the server's tests.",
  licence: "Apache-2.0",
  capabilities: ["text_to_video", "image_to_video", "frame_levels"],
  latents: { channels: 2, height: 4, width: 4, frames_per_group: 4 },
  limits: {
    width: [32],
    height: [32],
    num_frames: { min: 5, max: 17, step: 4 },
    fps: { min: 1, max: 30, step: 1 },
    num_inference_steps: { min: 1, max: 50, step: 1 },
    guidance_scale: { min: 0, max: 15 },
    prompt_chars: 2000,
  },
  defaults: {
    width: 32,
    height: 32,
    num_frames: 9,
    fps: 8,
    num_inference_steps: 4,
    guidance_scale: 4,
    solver: "euler",
    shift: 1,
  },
  guidance_built_in: 1,
  guidance_until: 0.3,
  memory_bytes: 1_000_000,
  vocabulary: { colours: ["red", "blue"] },
  examples: ["a red ball"],
  files: [
    {
      path: "denoiser.onnx",
      role: "denoiser",
      bytes: WEIGHTS.length,
      sha256: createHash("sha256").update(WEIGHTS).digest("hex"),
    },
  ],
};

/** Writes a models folder that holds only the fake model. @returns its path */
export function writeFakeModels(directory: string): string {
  const models = path.join(directory, "models");
  const folder = path.join(models, FAKE_MANIFEST.id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "manifest.json"), JSON.stringify(FAKE_MANIFEST));
  writeFileSync(path.join(folder, "denoiser.onnx"), WEIGHTS);
  return models;
}
