/** Errors of models, workers and the server itself; a part of `ERROR_CATALOGUE`. */
export const NODE_ERRORS = {
  // Models and workers
  weights_missing: {
    status: 503,
    title: "A weight file of the model is missing",
    retryable: false,
    remedy:
      "Restore the file named in the message, for example by checking out the repository again.",
  },
  weights_corrupt: {
    status: 503,
    title: "A weight file does not match its digest",
    retryable: false,
    remedy: "Replace the file named in the message; its digest is in the model's manifest.",
  },
  manifest_invalid: {
    status: 500,
    title: "A model's manifest cannot be read",
    retryable: false,
    remedy: "Correct the field of manifest.json that the message names.",
  },
  worker_start_failed: {
    status: 503,
    title: "The worker did not start",
    retryable: true,
    remedy: "Read the worker's log, which the message quotes.",
  },
  worker_lost: {
    status: 503,
    title: "The worker stopped unexpectedly",
    retryable: true,
    remedy:
      "The take continues from its last state by itself; after repeated losses start it again.",
  },
  worker_protocol: {
    status: 500,
    title: "The worker sent something that is not in the protocol",
    retryable: false,
    remedy: "Make sure server and worker are of the same version.",
  },
  worker_timeout: {
    status: 504,
    title: "The worker did not answer in time",
    retryable: true,
    remedy: "Look at the machine's load; the take continues from its last state.",
  },
  out_of_memory: {
    status: 503,
    title: "There is not enough memory for the model",
    retryable: true,
    remedy: "Close other programs or choose a smaller model or size.",
  },
  generation_failed: {
    status: 500,
    title: "The model failed",
    retryable: false,
    remedy: "Read the take's log.",
  },
  encoder_unavailable: {
    status: 503,
    title: "No usable video encoder",
    retryable: false,
    remedy:
      "Set ARC_VIDEO_ENCODER=auto or allow the software encoder with ARC_ALLOW_SOFTWARE_ENCODER=true.",
  },
  encoder_failed: {
    status: 500,
    title: "The video could not be encoded",
    retryable: true,
    remedy: "Read the take's log; the latents are stored, so nothing has to be generated again.",
  },
  state_corrupt: {
    status: 500,
    title: "A stored state does not match its digest",
    retryable: false,
    remedy: "The take falls back to the state before; check the disk.",
  },

  // The server itself
  config_invalid: {
    status: 500,
    title: "A configuration value is not accepted",
    retryable: false,
    remedy: "Correct the setting that the message names.",
  },
  address_needs_token: {
    status: 500,
    title: "This address may only be served with a token",
    retryable: false,
    remedy: "Set ARC_TOKEN to a long random string, or listen on 127.0.0.1.",
  },
  port_in_use: {
    status: 500,
    title: "The port is in use",
    retryable: false,
    remedy: "Stop the other program or choose another port with ARC_PORT.",
  },
  data_dir_unwritable: {
    status: 500,
    title: "The data directory cannot be written",
    retryable: false,
    remedy: "Give the user that runs the server write access, or set ARC_DATA_DIR.",
  },
  data_dir_newer: {
    status: 500,
    title: "The data directory was written by a newer version",
    retryable: false,
    remedy: "Run that version or a newer one, or set ARC_DATA_DIR to another directory.",
  },
  data_dir_damaged: {
    status: 500,
    title: "The data directory is damaged",
    retryable: false,
    remedy:
      "Restore the file that the message names from a backup, or set ARC_DATA_DIR to another directory; check the disk.",
  },
  data_dir_locked: {
    status: 500,
    title: "Another server uses this data directory",
    retryable: false,
    remedy: "Stop the other server or set ARC_DATA_DIR to another directory.",
  },
  server_unreachable: {
    status: 503,
    title: "The server cannot be reached",
    retryable: true,
    remedy: "Start it with npm start, or check the address.",
  },
  internal: {
    status: 500,
    title: "Something broke inside the server",
    retryable: false,
    remedy: "Report it with the request id and the server's log.",
  },
} as const;
