import type { Take, TakePhase, TakeStatus } from "@arc-fabric/contract";
import type { Tone } from "../ui/badge.tsx";
import { formatRemaining } from "./format.ts";

/** How each status is named and coloured. */
export const STATUS_TEXT: Record<TakeStatus, { label: string; tone: Tone; active: boolean }> = {
  queued: { label: "Queued", tone: "neutral", active: true },
  running: { label: "Generating", tone: "accent", active: true },
  paused: { label: "Paused", tone: "warning", active: false },
  completed: { label: "Completed", tone: "neutral", active: false },
  failed: { label: "Failed", tone: "danger", active: false },
  cancelled: { label: "Cancelled", tone: "neutral", active: false },
};

const PHASE_TEXT: Record<TakePhase, string> = {
  queued: "Waiting in the queue",
  loading: "Loading the model",
  encoding: "Reading the prompt",
  denoising: "Forming the picture",
  decoding: "Developing the frames",
  finishing: "Writing the video",
  done: "Done",
};

export interface ProgressText {
  title: string;
  /** Step and time left; empty when there is nothing to tell. */
  detail: string;
  /** null while the extent is not known. */
  fraction: number | null;
}

/** @param sinceMs how long ago the progress was told, so that the time left goes on falling between two steps */
export function progressText(take: Take, sinceMs: number): ProgressText {
  const { phase, step, total_steps: total, remaining_seconds: remaining } = take.progress;
  if (take.status === "queued") {
    const position = take.queue_position;
    const again = take.resumes > 0 ? "Goes on from its last step" : PHASE_TEXT.queued;
    return {
      title: again,
      detail:
        position === null ? "" : position === 1 ? "next to run" : `${position - 1} ahead of it`,
      fraction: null,
    };
  }
  if (take.status === "paused")
    return { title: "Paused", detail: `after step ${step} of ${total}`, fraction: step / total };
  if (take.pause_requested)
    return {
      title: "Pausing",
      detail: `after step ${Math.min(step + 1, total)} of ${total}`,
      fraction: step / total,
    };
  if (phase === "loading" || phase === "encoding")
    return {
      title: PHASE_TEXT[phase],
      detail: step > 0 ? `from step ${step} of ${total}` : "",
      fraction: null,
    };
  if (phase !== "denoising")
    return { title: PHASE_TEXT[phase], detail: `${total} of ${total} steps`, fraction: 1 };
  const left =
    remaining === null ? "" : ` · ${formatRemaining(Math.max(0, remaining - sinceMs / 1000))}`;
  return {
    title: PHASE_TEXT.denoising,
    detail: `step ${Math.min(step + 1, total)} of ${total}${left}`,
    fraction: step / total,
  };
}
