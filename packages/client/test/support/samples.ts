import type { FabricEvent, NewEvent, SessionId, Take, TakeId } from "@arc-fabric/contract";

export const SESSION_ID = "ses_01jd0000000000000000000000" as SessionId;
export const TAKE_ID = "take_01jd0000000000000000000000" as TakeId;
const AT = "2026-11-21T03:00:00.000Z";

export function sampleTake(changes: Partial<Take> = {}): Take {
  const parameters: Take["parameters"] = {
    prompt: "a red ball bounces",
    negative_prompt: "",
    model: "zoetrope-s",
    seed: 7,
    width: 128,
    height: 128,
    num_frames: 17,
    fps: 8,
    num_inference_steps: 4,
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
    model: "zoetrope-s",
    parameters,
    plan: {
      version: 2,
      weights: { "zoetrope-s": "0".repeat(64) },
      shape: [24, 5, 16, 16],
      start: { kind: "noise", seed: 7 },
      schedule: { sigmas: [1, 0.75, 0.5, 0.25, 0] },
      total_steps: 4,
      segments: [],
    },
    progress: {
      phase: "queued",
      step: 0,
      total_steps: 4,
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
    created_at: AT,
    started_at: null,
    finished_at: null,
    ...changes,
  };
}

export function sampleEvent(seq: number, event: NewEvent, position = seq): FabricEvent {
  return { ...event, session_id: SESSION_ID, seq, position, at: AT };
}

export function stepEvent(seq: number, step = seq, seconds = 0.5): FabricEvent {
  return sampleEvent(seq, {
    type: "step.completed",
    data: {
      take_id: TAKE_ID,
      step,
      total_steps: 4,
      sigma: 1 - step / 4,
      digest: "0".repeat(64),
      seconds,
      has_preview: false,
    },
  });
}
