import { NODE_ERRORS } from "./node-errors.ts";

/**
 * The closed list of errors. `docs/errors.md` is generated from it.
 * `status` is the HTTP status, `retryable` says whether the same call may succeed later without a change,
 * `remedy` is what a person does about it.
 */
export const ERROR_CATALOGUE = {
  // Requests
  invalid_json: {
    status: 400,
    title: "The body is not valid JSON",
    retryable: false,
    remedy: "Send a JSON object with Content-Type: application/json.",
  },
  invalid_multipart: {
    status: 400,
    title: "The multipart body cannot be read",
    retryable: false,
    remedy: "Send multipart/form-data with a boundary and complete parts.",
  },
  invalid_request: {
    status: 400,
    title: "A field has a value that is not accepted",
    retryable: false,
    remedy: "Change the field that the message names.",
  },
  unknown_field: {
    status: 400,
    title: "A field is not known here",
    retryable: false,
    remedy: "Remove the field or correct its name; nothing is silently ignored.",
  },
  unsupported_value: {
    status: 400,
    title: "The model cannot do this",
    retryable: false,
    remedy: "Choose a value inside the model's limits, which the error lists.",
  },
  range_outside_clip: {
    status: 400,
    title: "The range is not inside the clip",
    retryable: false,
    remedy: "Choose a range inside the bounds that the error names.",
  },
  invalid_mask: {
    status: 400,
    title: "The mask cannot be used",
    retryable: false,
    remedy: "Send a PNG of the clip's size, white where the clip is to change.",
  },
  invalid_image: {
    status: 400,
    title: "The picture cannot be read",
    retryable: false,
    remedy: "Send a PNG, JPEG or WebP picture.",
  },
  schedule_mismatch: {
    status: 400,
    title: "The schedule does not add up",
    retryable: false,
    remedy:
      "Let the steps of the stages add up to num_inference_steps, the noise levels fall to 0, and the cached steps lie inside the steps.",
  },
  latent_space_mismatch: {
    status: 400,
    title: "The models do not share a latent space",
    retryable: false,
    remedy: "Hand over only between models whose latent_space is the same.",
  },
  illegal_derivation: {
    status: 400,
    title: "This take cannot be derived like that",
    retryable: false,
    remedy: "Do what the message says instead.",
  },
  bundle_invalid: {
    status: 400,
    title: "The bundle is damaged or no bundle",
    retryable: false,
    remedy: "Export the session again; nothing was imported.",
  },
  bundle_newer: {
    status: 400,
    title: "The bundle comes from a newer version",
    retryable: false,
    remedy: "Update this server; nothing was imported.",
  },
  invalid_cursor: {
    status: 400,
    title: "The page cursor is not known",
    retryable: false,
    remedy: "Start again without the cursor.",
  },
  invalid_host: {
    status: 421,
    title: "The request names another host",
    retryable: false,
    remedy: "Use the address the server prints at its start, or set ARC_ALLOWED_HOSTS.",
  },
  unauthorized: {
    status: 401,
    title: "A valid token is required",
    retryable: false,
    remedy: "Send Authorization: Bearer <token> with the token from ARC_TOKEN.",
  },
  not_found: {
    status: 404,
    title: "There is nothing at this address",
    retryable: false,
    remedy: "See /docs for the list of addresses.",
  },
  method_not_allowed: {
    status: 405,
    title: "This address does not take this method",
    retryable: false,
    remedy: "See /docs for the methods of this address.",
  },
  payload_too_large: {
    status: 413,
    title: "The body is too large",
    retryable: false,
    remedy: "Send less; the limit is in the message.",
  },
  unsupported_media_type: {
    status: 415,
    title: "The body's type is not accepted",
    retryable: false,
    remedy: "Send application/json or, where the address takes it, multipart/form-data.",
  },
  range_not_satisfiable: {
    status: 416,
    title: "The byte range lies outside the file",
    retryable: false,
    remedy: "Ask for a range inside the length given by Content-Range.",
  },
  idempotency_key_reused: {
    status: 422,
    title: "The Idempotency-Key was used for another request",
    retryable: false,
    remedy: "Use a new key for a new request.",
  },

  // Things that are not there
  model_not_found: {
    status: 404,
    title: "There is no such model",
    retryable: false,
    remedy: "List the models with GET /api/v1/models.",
  },
  session_not_found: {
    status: 404,
    title: "There is no such session",
    retryable: false,
    remedy: "List the sessions with GET /api/v1/sessions.",
  },
  take_not_found: {
    status: 404,
    title: "There is no such take",
    retryable: false,
    remedy: "List the takes with GET /api/v1/takes.",
  },
  stream_not_found: {
    status: 404,
    title: "There is no such stream",
    retryable: false,
    remedy: "List the streams with GET /api/v1/streams.",
  },
  state_not_found: {
    status: 404,
    title: "This step's state is not stored",
    retryable: false,
    remedy: "List the stored states with GET /api/v1/takes/{take_id}/states.",
  },
  file_not_found: {
    status: 404,
    title: "There is no such uploaded file",
    retryable: false,
    remedy: "Upload it with POST /api/v1/files and use the digest of the answer.",
  },
  artifact_not_found: {
    status: 404,
    title: "There is no such artifact",
    retryable: false,
    remedy: "List the artifacts with GET /api/v1/takes/{take_id}.",
  },

  // Conflicts with the present status
  artifact_not_ready: {
    status: 409,
    title: "The take has not produced this yet",
    retryable: true,
    remedy: "Wait until the take is completed.",
  },
  take_not_active: {
    status: 409,
    title: "The take is already finished",
    retryable: false,
    remedy: "Nothing needs to be done; read the take for its result.",
  },
  take_active: {
    status: 409,
    title: "The take is not finished",
    retryable: true,
    remedy: "Cancel the take first.",
  },
  take_not_paused: {
    status: 409,
    title: "The take is not paused",
    retryable: false,
    remedy: "Only a paused take can be resumed.",
  },
  stream_ended: {
    status: 409,
    title: "The stream was finalized",
    retryable: false,
    remedy:
      "Start a new stream, or continue one of its blocks with POST /api/v1/takes/{take_id}/derive.",
  },
  take_not_completed: {
    status: 409,
    title: "The take is not completed",
    retryable: true,
    remedy: "Wait until the take is completed; a take that is not can be forked at a stored step.",
  },
  take_in_use: {
    status: 409,
    title: "Other takes were made from this one",
    retryable: false,
    remedy: "Delete the takes that the error lists first, or the whole session.",
  },
  session_active: {
    status: 409,
    title: "The session has a take that is not finished",
    retryable: true,
    remedy: "Cancel its takes first.",
  },

  // Capacity
  queue_full: {
    status: 429,
    title: "The queue is full",
    retryable: true,
    remedy: "Send the request again after the number of seconds in Retry-After.",
  },
  too_many_streams: {
    status: 429,
    title: "Too many streams are open",
    retryable: true,
    remedy: "Close an event stream or a live view, or raise ARC_MAX_STREAMS.",
  },
  disk_full: {
    status: 507,
    title: "The disk is full",
    retryable: true,
    remedy:
      "Free space on the disk of the data directory; what was stored is intact and the take can be started again.",
  },
  shutting_down: {
    status: 503,
    title: "The server is stopping",
    retryable: true,
    remedy: "Send the request again when the server is back.",
  },

  ...NODE_ERRORS,
} as const satisfies Record<string, ErrorEntry>;

export interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  readonly remedy: string;
}

export type ErrorCode = keyof typeof ERROR_CATALOGUE;
export const ERROR_CODES = Object.keys(ERROR_CATALOGUE) as [ErrorCode, ...ErrorCode[]];
