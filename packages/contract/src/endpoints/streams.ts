import { z } from "zod";
import { sessionIdSchema, streamIdSchema, takeIdSchema } from "../ids.ts";
import { streamChangesSchema, streamRequestSchema, streamSchema } from "../stream.ts";
import { takeSchema } from "../take.ts";
import { defineEndpoints } from "./endpoint.ts";
import { json } from "./native.ts";

const ofStream = { params: z.object({ stream_id: streamIdSchema }) };

/** Clips that grow block by block. Each block is a take: it is stored, decoded and watched like any other. */
export const STREAM_ENDPOINTS = defineEndpoints({
  createStream: {
    method: "POST",
    path: "/api/v1/streams",
    tag: "streams",
    summary: "Start a stream in a session of its own",
    body: streamRequestSchema,
    idempotent: true,
    response: json(streamSchema, 201),
    errors: ["model_not_found", "unsupported_value", "queue_full", "idempotency_key_reused"],
  },
  listStreams: {
    method: "GET",
    path: "/api/v1/streams",
    tag: "streams",
    summary: "Streams, newest first",
    query: z.strictObject({ session_id: sessionIdSchema.optional() }),
    response: json(z.object({ items: z.array(streamSchema) })),
    errors: [],
  },
  getStream: {
    method: "GET",
    path: "/api/v1/streams/{stream_id}",
    tag: "streams",
    summary: "One stream",
    ...ofStream,
    response: json(streamSchema),
    errors: ["stream_not_found"],
  },
  updateStream: {
    method: "PATCH",
    path: "/api/v1/streams/{stream_id}",
    tag: "streams",
    summary: "Change a stream's prompt or settings, from the next block on",
    ...ofStream,
    body: streamChangesSchema,
    response: json(streamSchema),
    errors: ["stream_not_found", "stream_ended", "unsupported_value"],
  },
  pauseStream: {
    method: "POST",
    path: "/api/v1/streams/{stream_id}/pause",
    tag: "streams",
    summary: "Make no further blocks; the present one is finished",
    ...ofStream,
    response: json(streamSchema),
    errors: ["stream_not_found", "stream_ended"],
  },
  resumeStream: {
    method: "POST",
    path: "/api/v1/streams/{stream_id}/resume",
    tag: "streams",
    summary: "Go on making blocks",
    ...ofStream,
    response: json(streamSchema),
    errors: ["stream_not_found", "stream_ended", "unsupported_value"],
  },
  rewindStream: {
    method: "POST",
    path: "/api/v1/streams/{stream_id}/rewind",
    tag: "streams",
    summary: "Go on from an earlier block; what was made after it stays in the session's tree",
    ...ofStream,
    body: z.strictObject({ take_id: takeIdSchema }),
    response: json(streamSchema),
    errors: [
      "stream_not_found",
      "stream_ended",
      "take_not_found",
      "take_not_completed",
      "illegal_derivation",
    ],
  },
  finalizeStream: {
    method: "POST",
    path: "/api/v1/streams/{stream_id}/finalize",
    tag: "streams",
    summary: "End a stream: its blocks up to the head become one clip",
    ...ofStream,
    idempotent: true,
    response: json(takeSchema, 201),
    errors: ["stream_not_found", "stream_ended", "take_not_completed", "queue_full"],
  },
});
