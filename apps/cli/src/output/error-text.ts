import { ERROR_CATALOGUE, type FabricError } from "@arc-fabric/contract";
import { requestIdOf } from "@arc-fabric/client";
import type { Paint } from "./terminal.ts";

/** Options by the API's field, so that a refusal names what was typed. */
const OPTION_OF_FIELD: Readonly<Record<string, string>> = {
  num_frames: "--frames",
  fps: "--fps",
  num_inference_steps: "--steps",
  guidance_scale: "--guidance",
  negative_prompt: "--negative",
  width: "--size",
  height: "--size",
  seed: "--seed",
  solver: "--solver",
  shift: "--shift",
  frame_lag: "--frame-lag",
  model: "--model",
  prompt: "the prompt",
  stages: "--stages",
  cache: "--cache",
  first_frame: "--first-frame",
  last_frame: "--last-frame",
  priority: "--priority",
  title: "--title",
  at_step: "--at",
  at_frame: "--at",
  remaining_steps: "--steps",
  sigmas: "--sigmas",
  history: "--history",
  frames: "--frames",
  seconds: "--seconds",
  area: "the area",
  strength: "--strength",
  feather: "--feather",
  context_frames: "--context",
  takes: "the takes",
  keep_every: "--thin",
  max_blocks: "--blocks",
  block_frames: "--block-frames",
};

/** What the catalogue advises is written for every client; some of it has a better answer here. */
const REMEDIES: Partial<Record<FabricError["code"], string>> = {
  unauthorized: "Give the server's token with --token or ARC_TOKEN.",
  server_unreachable: "Start a server with arc serve, or check the address.",
  model_not_found: "arc models lists them.",
  take_not_found: "arc takes lists them.",
  take_active: "Cancel it first: arc cancel TAKE.",
  take_not_paused: "See what it does: arc show TAKE.",
  take_not_active: "See what became of it: arc show TAKE.",
  take_not_completed:
    "Wait until it is completed: arc watch TAKE. A take that is not can be forked: arc fork TAKE --at STEP.",
  take_in_use: "Delete the takes that were made from it first: arc tree TAKE shows them.",
  state_not_found: "The steps that are stored: arc show TAKE.",
  stream_not_found: "arc streams lists them.",
  stream_ended:
    "Start a new one with arc stream, or go on by hand from one of its blocks: arc continue TAKE.",
  session_not_found: "arc storage lists them; arc tree shows the newest.",
  file_not_found: "Run the command again: it sends the picture anew.",
  schedule_mismatch:
    "Let the steps of --stages add up to --steps, and the levels of --sigmas fall to 0.",
  latent_space_mismatch: "Use models of one latent space: arc models MODEL says which one it is.",
  queue_full: "Try again later, or cancel takes that wait: arc takes --status queued.",
  generation_failed: "Read the take's log: arc logs TAKE.",
  encoder_failed:
    "Read the take's log: arc logs TAKE. The latents are stored, so nothing has to be generated again.",
};

/** Ids are typed as words, so there is no option to name. */
const REMEDIES_OF_IDS: Readonly<Record<string, string>> = {
  take_id: "arc takes lists them.",
  session_id: "arc storage lists them; the id of one of its takes will do as well.",
  stream_id: "arc streams lists them; the id of one of its blocks will do as well.",
};

/** What happened, what to do, and what to quote in a report. */
export function errorText(error: FabricError, paint: Paint): string {
  const requestId = requestIdOf(error);
  const reference = [error.code, ...(requestId === null ? [] : [`request ${requestId}`])].join(
    ", ",
  );
  return `${paint.red("Error:")} ${error.message}\n${paint.dim("What to do:")} ${remedyOf(error)}\n${paint.dim(`(${reference})`)}\n`;
}

export function errorJson(error: FabricError): Record<string, unknown> {
  const { request_id: requestId = null, ...details } = error.details;
  return {
    error: {
      code: error.code,
      message: error.message,
      remedy: remedyOf(error),
      retryable: error.retryable,
      request_id: requestId,
      details,
    },
  };
}

function remedyOf(error: FabricError): string {
  const { field, nearest, retry_after_s: retryAfter } = error.details;
  // "stages.0.model" is a part of --stages.
  const option = typeof field === "string" ? OPTION_OF_FIELD[field.split(/[.[]/)[0]!] : undefined;
  if (typeof field === "string" && error.code === "invalid_request" && REMEDIES_OF_IDS[field])
    return REMEDIES_OF_IDS[field];
  if (error.code === "schedule_mismatch" && option === "--cache")
    return "Change --cache: its steps are counted from 0 and end at the last step.";
  if ((error.code === "unsupported_value" || error.code === "invalid_request") && option)
    return typeof nearest === "number"
      ? `Change ${option}; the nearest is ${option} ${nearest}.`
      : `Change ${option}.`;
  if (error.code === "queue_full" && typeof retryAfter === "number")
    return `Try again in ${retryAfter} s, or cancel takes that wait: arc takes --status queued.`;
  const { take_id: takeId } = error.details;
  const remedy = REMEDIES[error.code] ?? ERROR_CATALOGUE[error.code].remedy;
  return typeof takeId === "string" ? remedy.replaceAll("TAKE", takeId) : remedy;
}
