import { newId, type Plan, type SessionId, type TakeParameters } from "@arc-fabric/contract";
import type { NewTake } from "@arc-fabric/core";
import { benchSystem } from "./bench-system.ts";

const STEPS = 20;
const FRAMES: [number, number] = [0, 5];

const PARAMETERS: TakeParameters = {
  prompt: "a red ball bounces on a green meadow",
  negative_prompt: "",
  model: "zoetrope-s",
  seed: 7,
  width: 128,
  height: 128,
  num_frames: 17,
  fps: 8,
  num_inference_steps: STEPS,
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

const PLAN: Plan = {
  version: 2,
  weights: { "zoetrope-s": "ab".repeat(32) },
  shape: [24, 5, 16, 16],
  start: { kind: "noise", seed: 7 },
  schedule: { sigmas: Array.from({ length: STEPS + 1 }, (_, step) => 1 - step / STEPS) },
  total_steps: STEPS,
  segments: [
    { type: "encode", model: "zoetrope-s", prompt: PARAMETERS.prompt, negative_prompt: "" },
    {
      type: "denoise",
      model: "zoetrope-s",
      conditioning: 0,
      from: 0,
      to: STEPS,
      solver: "euler",
      history: "reset",
      guidance_scale: 4,
      window: FRAMES,
      keep: null,
      cache: null,
    },
    {
      type: "decode",
      model: "zoetrope-s",
      pieces: [{ state: null, frames: FRAMES, first: true }],
      num_frames: 17,
      width: 128,
      height: 128,
    },
  ],
};

/** A clip of 17 frames in 20 steps, for benchmarks of the store alone: nothing runs it. */
export function sampleTake(sessionId: SessionId): NewTake {
  const nowMs = benchSystem.now();
  return {
    id: newId("take", nowMs, (count) => benchSystem.randomBytes(count)),
    sessionId,
    newSessionTitle: null,
    parentId: null,
    origin: { kind: "generate" },
    title: null,
    priority: 0,
    estimate: null,
    inherit: null,
    states: [],
    inputs: [],
    parameters: PARAMETERS,
    plan: PLAN,
    nowMs,
    maxQueued: 1e6,
  };
}
