import {
  type ErrorRecord,
  FabricError,
  type Manifest,
  type OpenaiCreateVideo,
  type OpenaiVideo,
  type Take,
  type TakeRequest,
} from "@arc-fabric/contract";
import { nearestInRange } from "@arc-fabric/core";

type ClipLimits = Pick<Manifest, "limits" | "defaults">;

/**
 * A create of the OpenAI shape as a take request; its picture is left to the caller, who has to store it.
 * @throws FabricError `invalid_request` when length is given twice
 */
export function toTakeRequest(body: OpenaiCreateVideo, model: ClipLimits): TakeRequest {
  const { seconds, size, input_reference: _picture, ...shared } = body;
  if (seconds !== undefined && body.num_frames !== undefined)
    throw new FabricError(
      "invalid_request",
      "Send seconds or num_frames, not both: each sets the clip's length.",
      { details: { field: "seconds" } },
    );
  const [width, height] = size?.split("x").map(Number) ?? [];
  const fps = body.fps ?? model.defaults.fps;
  const length =
    seconds === undefined
      ? {}
      : { num_frames: nearestInRange(seconds * fps, model.limits.num_frames) };
  return { ...shared, ...length, ...(width && height ? { width, height } : {}) };
}

/** A take as the OpenAI shape shows it. Its status list has no "cancelled": that is a failure with this code. */
export function toVideo(take: Take): OpenaiVideo {
  const { parameters } = take;
  return {
    id: take.id,
    object: "video",
    model: take.model,
    status: videoStatus(take),
    progress: progressPercent(take),
    created_at: unixSeconds(take.created_at),
    completed_at:
      take.status === "completed" && take.finished_at ? unixSeconds(take.finished_at) : null,
    expires_at: null,
    size: `${parameters.width}x${parameters.height}`,
    seconds: String(Number((parameters.num_frames / parameters.fps).toFixed(3))),
    prompt: parameters.prompt,
    remixed_from_video_id: take.parent_id,
    error: videoError(take.status, take.error),
  };
}

function videoStatus({ status }: Take): OpenaiVideo["status"] {
  switch (status) {
    case "queued":
    case "completed":
    case "failed":
      return status;
    case "running":
    case "paused":
      return "in_progress";
    case "cancelled":
      return "failed";
  }
}

function videoError(status: Take["status"], error: ErrorRecord | null): OpenaiVideo["error"] {
  if (status === "cancelled") return { code: "cancelled", message: "The video was cancelled." };
  return error ? { code: error.code, message: error.message } : null;
}

/** Whole percent of the steps; 100 only when the file is there. */
function progressPercent({ status, progress }: Take): number {
  if (status === "completed") return 100;
  // A clip that is put together from others has no steps.
  return Math.min(99, Math.floor((100 * progress.step) / Math.max(1, progress.total_steps)));
}

const unixSeconds = (iso: string): number => Math.floor(Date.parse(iso) / 1000);
