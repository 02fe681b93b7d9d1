import { newId, type SessionId } from "@arc-fabric/contract";
import { samplePlan, sampleParameters } from "@arc-fabric/contract/testing";
import type { NewTake } from "@arc-fabric/core";
import { benchSystem } from "./bench-system.ts";

const PARAMETERS = sampleParameters(20);
const PLAN = samplePlan(PARAMETERS);

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
