import type {
  Artifact,
  ArtifactId,
  Model,
  State,
  SystemReport,
  Take,
  TakeId,
  TakeRequest,
} from "@arc-fabric/contract";
import { sampleParameters, sampleTake as queuedTake } from "@arc-fabric/contract/testing";

const takeId = (index: number) => `take_01jd000000000000000000000${index}` as TakeId;

/** A take made from another one, as the server answers a derivation. */
export function derivedTake(index: number, parent: Take, origin: Take["origin"]): Take {
  const fresh = sampleTake(index, { prompt: parent.parameters.prompt });
  const reused = origin.kind === "fork" ? origin.at_step : 0;
  return {
    ...fresh,
    parent_id: parent.id,
    origin,
    steps_reused: reused,
    estimate: { seconds: 8, step_seconds: 2, steps: 4 - reused, steps_reused: reused },
    parameters: {
      ...fresh.parameters,
      ...("prompt" in origin && origin.prompt && { prompt: origin.prompt }),
    },
    progress: { ...fresh.progress, step: reused },
  };
}

export function sampleTake(index: number, request: TakeRequest): Take {
  const { num_inference_steps: asked, ...rest } = request;
  const parameters = { ...sampleParameters(asked === "few" ? 4 : asked), ...rest };
  return queuedTake({ id: takeId(index), parameters: parameters as Take["parameters"] });
}

export function videoArtifact(ofTake: TakeId, bytes: number, digest: string): Artifact {
  return {
    id: ofTake.replace("take_", "art_") as ArtifactId,
    take_id: ofTake,
    kind: "video",
    media_type: "video/mp4",
    bytes,
    digest,
    metadata: {},
    created_at: "2026-11-21T03:00:07.000Z",
  };
}

export function stateOf(take: Take, step: number, label: string | null = null): State {
  return {
    take_id: take.id,
    step,
    sigma: 0.5,
    bytes: 1000,
    digest: "0".repeat(64),
    derivation: "0".repeat(64),
    has_preview: true,
    label,
    reused: false,
    seconds: 1,
    model_seconds: 1,
    created_at: "2026-11-21T03:00:07.000Z",
  };
}

export const SAMPLE_MODEL: Model = {
  id: "zoetrope-s",
  name: "Zoetrope S",
  family: "zoetrope",
  runtime: "onnx",
  latent_space: "zoetrope-v1",
  version: "0.1.0",
  description: "Small shapes that move.",
  licence: "Apache-2.0",
  capabilities: ["text_to_video"],
  latents: { channels: 24, height: 16, width: 16, frames_per_group: 4 },
  limits: {
    width: [128],
    height: [128],
    num_frames: { min: 5, max: 17, step: 4 },
    fps: { min: 1, max: 30, step: 1 },
    num_inference_steps: { min: 1, max: 100, step: 1 },
    guidance_scale: { min: 0, max: 15 },
    prompt_chars: 2000,
  },
  defaults: {
    width: 128,
    height: 128,
    num_frames: 17,
    fps: 8,
    num_inference_steps: 20,
    guidance_scale: 4,
    solver: "euler",
    shift: 1,
  },
  guidance_built_in: 1,
  guidance_until: 0,
  memory_bytes: 300_000_000,
  vocabulary: { shapes: ["ball", "cube"] },
  examples: ["a red ball bounces"],
  status: "warm",
  weights_digest: "0".repeat(64),
  is_default: true,
};

export const SAMPLE_SYSTEM: SystemReport = {
  version: "0.1.0",
  node_version: "v22.18.0",
  platform: "linux",
  cpu: "A Processor",
  cpu_count: 2,
  memory_bytes: 8e9,
  rss_bytes: 1e8,
  uptime_s: 75,
  data_dir: "/srv/arc",
  disk_free_bytes: 5e9,
  configuration: {},
  queue: {
    limit: 200,
    counts: { queued: 2, running: 1, paused: 0, completed: 5, failed: 0, cancelled: 0 },
  },
  workers: [
    {
      worker_id: "wrk_1",
      model: "zoetrope-s",
      status: "busy",
      pid: 42,
      rss_bytes: 3e8,
      restarts: 0,
      error: null,
    },
  ],
  encoders_probing: false,
  encoders: [{ encoder: "libx264", hardware: false, usable: true, error: null, ms: 20 }],
};
