import type { NewEvent, Plan, SessionId, Take, TakeId, TakeParameters } from "../src/index.ts";

export const SESSION_ID = "ses_01jd0000000000000000000000" as SessionId;
export const TAKE_ID = "take_01jd0000000000000000000000" as TakeId;

/** A clip of 17 frames of the small embedded model, with nothing special about it. */
export function sampleParameters(steps = 4): TakeParameters {
  return {
    prompt: "a red ball bounces on a green meadow",
    negative_prompt: "",
    model: "zoetrope-s",
    seed: 7,
    width: 128,
    height: 128,
    num_frames: 17,
    fps: 8,
    num_inference_steps: steps,
    guidance_scale: 4,
    solver: "euler",
    shift: 1,
    frame_lag: 0,
    stages: null,
    cache: null,
    first_frame: null,
    last_frame: null,
    reuse: true,
  };
}

/** How such a clip is made: encode, denoise from noise in one go, decode. */
export function samplePlan(parameters = sampleParameters()): Plan {
  const { model, prompt, negative_prompt, num_inference_steps: steps } = parameters;
  return {
    version: 2,
    weights: { [model]: "ab".repeat(32) },
    shape: [24, 5, 16, 16],
    start: { kind: "noise", seed: parameters.seed },
    schedule: { sigmas: Array.from({ length: steps + 1 }, (_, step) => 1 - step / steps) },
    total_steps: steps,
    segments: [
      { type: "encode", model, prompt, negative_prompt },
      {
        type: "denoise",
        model,
        conditioning: 0,
        from: 0,
        to: steps,
        solver: parameters.solver,
        history: "reset",
        guidance_scale: parameters.guidance_scale,
        window: [0, 5],
        keep: null,
        cache: null,
      },
      {
        type: "decode",
        model,
        pieces: [{ state: null, frames: [0, 5], first: true }],
        num_frames: parameters.num_frames,
        width: parameters.width,
        height: parameters.height,
      },
    ],
  };
}

/** A take that was just queued; its plan follows from its parameters. */
export function sampleTake(changes: Partial<Take> = {}): Take {
  const parameters = changes.parameters ?? sampleParameters();
  return {
    id: TAKE_ID,
    session_id: SESSION_ID,
    parent_id: null,
    origin: { kind: "generate" },
    title: null,
    tags: [],
    status: "queued",
    pause_requested: false,
    priority: 0,
    model: parameters.model,
    parameters,
    plan: samplePlan(parameters),
    progress: {
      phase: "queued",
      step: 0,
      total_steps: parameters.num_inference_steps,
      step_seconds: null,
      remaining_seconds: null,
    },
    queue_position: 1,
    error: null,
    warnings: [],
    environment: null,
    environment_changes: [],
    resumes: 0,
    steps_reused: 0,
    estimate: null,
    proof: null,
    artifacts: [],
    created_at: "2026-11-21T03:00:00.000Z",
    started_at: null,
    finished_at: null,
    ...changes,
  };
}

export function stepCompleted(take: Take, step: number, seconds = 1.5): NewEvent {
  const total = take.progress.total_steps;
  return {
    type: "step.completed",
    data: {
      take_id: take.id,
      step,
      total_steps: total,
      sigma: 1 - step / total,
      digest: "0".repeat(64),
      seconds,
      has_preview: false,
    },
  };
}
