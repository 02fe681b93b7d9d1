import type { Artifact, Environment, FabricEvent, Take, TakePhase } from "@arc-fabric/contract";

/** Weight of the newest step in the running mean of seconds per step; the server's own number is a median. */
const NEWEST_STEP_WEIGHT = 0.3;

/** The take after an event, so that a view follows the stream without asking again; the same object when it is not concerned. */
export function applyTakeEvent(take: Take, event: FabricEvent): Take {
  if (!("take_id" in event.data) || event.data.take_id !== take.id) return take;
  switch (event.type) {
    case "take.queued":
      return { ...take, status: "queued", progress: { ...take.progress, phase: "queued" } };
    case "take.started":
      return started(take, event.data.resumed_from_step, event.data.environment, event.at);
    case "take.warned":
      return { ...take, warnings: event.data.warnings };
    case "phase.changed":
      return entered(take, event.data.phase);
    case "step.completed":
      return stepped(take, event.data.step, event.data.total_steps, event.data.seconds);
    case "take.reused":
      return reused(take, event.data.steps);
    case "take.pause_requested":
      return { ...take, pause_requested: true };
    case "take.paused":
      return waiting(take, "paused", event.data.last_step);
    case "take.resumed":
    case "take.preempted":
      return waiting(take, "queued", event.data.last_step);
    case "take.environment_changed":
      return changedOver(take, event.data.after_step, event.data.environment);
    case "take.proved":
      return { ...take, proof: event.data.proof };
    case "take.changed": {
      const { title, tags, priority } = event.data;
      return { ...take, title, tags, priority };
    }
    case "take.interrupted":
      return {
        ...take,
        status: "queued",
        pause_requested: false,
        resumes: take.resumes + 1,
        progress: { ...take.progress, phase: "queued", step: event.data.last_step },
      };
    case "artifact.created":
      return withArtifact(take, event.data.artifact);
    case "take.completed":
      return finished(
        {
          ...take,
          status: "completed",
          progress: { ...take.progress, step: take.progress.total_steps },
        },
        event.at,
      );
    case "take.failed":
      return finished({ ...take, status: "failed", error: event.data.error }, event.at);
    case "take.cancelled":
      return finished(
        {
          ...take,
          status: "cancelled",
          progress: { ...take.progress, step: event.data.last_step },
        },
        event.at,
      );
    // Of its states, or of a newer server: nothing here depends on it.
    default:
      return take;
  }
}

/** From here on the trajectory is computed by other hardware, weights or versions. */
function changedOver(take: Take, afterStep: number, environment: Environment): Take {
  return {
    ...take,
    environment,
    environment_changes: [...take.environment_changes, { after_step: afterStep, environment }],
  };
}

function withArtifact(take: Take, artifact: Artifact): Take {
  return {
    ...take,
    artifacts: [...take.artifacts.filter(({ kind }) => kind !== artifact.kind), artifact],
  };
}

/** Steps that another take has computed count as done. */
function reused(take: Take, steps: number): Take {
  return {
    ...take,
    steps_reused: steps,
    progress: { ...take.progress, step: Math.max(take.progress.step, steps) },
  };
}

/** It stands still at a stored step: in the queue, or until somebody lets it go on. */
function waiting(take: Take, status: "queued" | "paused", lastStep: number): Take {
  return {
    ...take,
    status,
    pause_requested: false,
    queue_position: null,
    progress: { ...take.progress, phase: "queued", step: lastStep, remaining_seconds: null },
  };
}

/** A claimed take has no event of its own: its first phase says that it runs. */
function entered(take: Take, phase: TakePhase): Take {
  const running = { ...take, progress: { ...take.progress, phase } };
  return take.status === "queued" && phase !== "queued"
    ? { ...running, status: "running", queue_position: null }
    : running;
}

function started(take: Take, fromStep: number, environment: Take["environment"], at: string): Take {
  return {
    ...take,
    status: "running",
    queue_position: null,
    environment,
    started_at: take.started_at ?? at,
    progress: { ...take.progress, phase: "encoding", step: fromStep },
  };
}

function stepped(take: Take, step: number, totalSteps: number, seconds: number): Take {
  const before = take.progress.step_seconds;
  const stepSeconds = before === null ? seconds : before + NEWEST_STEP_WEIGHT * (seconds - before);
  return {
    ...take,
    progress: {
      phase: "denoising",
      step,
      total_steps: totalSteps,
      step_seconds: stepSeconds,
      remaining_seconds: (totalSteps - step) * stepSeconds,
    },
  };
}

function finished(take: Take, at: string): Take {
  return {
    ...take,
    pause_requested: false,
    queue_position: null,
    finished_at: at,
    progress: { ...take.progress, phase: "done", remaining_seconds: null },
  };
}
