import {
  FabricError,
  type Manifest,
  type OpenaiEditVideo,
  type OpenaiExtendVideo,
  type OpenaiRemixVideo,
  type DeriveRequest,
  type Take,
} from "@arc-fabric/contract";

/**
 * Share of the steps a remix keeps: by then the noise is far enough gone that what stands where is decided, and what it
 * looks like is not.
 */
const REMIX_KEEPS = 0.25;
/** Share of the steps an edit makes again, which leaves about as much of the clip as a remix does. */
const EDIT_STRENGTH = 0.75;

/** A remix as a fork at the stored step nearest to the share that is kept; 0 when none is nearer. */
export function toFork(
  body: OpenaiRemixVideo,
  take: Pick<Take, "progress">,
  storedSteps: readonly number[],
): DeriveRequest {
  const total = take.progress.total_steps;
  const wanted = total * REMIX_KEEPS;
  const distance = (step: number) => Math.abs(step - wanted);
  const at_step = storedSteps
    .filter((step) => step < total)
    .reduce((best, step) => (distance(step) < distance(best) ? step : best), 0);
  return { kind: "fork", at_step, ...body };
}

export function toEdit({ video: _video, strength, ...body }: OpenaiEditVideo): DeriveRequest {
  return { kind: "edit", strength: strength ?? EDIT_STRENGTH, ...body };
}

/** An extension by the number of whole latent groups nearest to the seconds, at least one. */
export function toExtend(
  { video: _video, seconds, ...body }: OpenaiExtendVideo,
  take: Pick<Take, "parameters">,
  { latents }: Pick<Manifest, "latents">,
): DeriveRequest {
  const group = latents.frames_per_group;
  const groups = Math.max(1, Math.round((seconds * take.parameters.fps) / group));
  return { kind: "extend", direction: "forward", num_frames: groups * group, ...body };
}

/** A refusal of the frames that seconds became, as one of the seconds. */
export function inSeconds(
  error: unknown,
  { seconds }: Pick<OpenaiExtendVideo, "seconds">,
): unknown {
  if (!(error instanceof FabricError) || error.details["field"] !== "num_frames") return error;
  return new FabricError(error.code, `seconds = ${seconds}: ${error.message}`, {
    details: { ...error.details, field: "seconds", value: seconds },
  });
}

/** @throws FabricError `unsupported_value` for a file: a video that was not made here has no latents */
export function videoIdOf(video: OpenaiEditVideo["video"]): string {
  if (!(video instanceof Uint8Array)) return video.id;
  throw new FabricError(
    "unsupported_value",
    "A video file cannot be edited or extended, because latents are only kept of videos made on this server; send video[id] with the id of a completed one.",
    { details: { field: "video" } },
  );
}
