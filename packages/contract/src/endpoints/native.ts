import { z } from "zod";
import { eventSchema } from "../events.ts";
import { artifactIdSchema, sessionIdSchema, takeIdSchema } from "../ids.ts";
import { takeStatusSchema } from "../lifecycle.ts";
import { modelSchema } from "../manifest.ts";
import { planSchema } from "../plan.ts";
import {
  artifactSchema,
  estimateSchema,
  logLineSchema,
  sessionSchema,
  stateSchema,
  takeParametersSchema,
  takeRequestSchema,
  takeSchema,
} from "../take.ts";
import { defineEndpoints } from "./endpoint.ts";
import { systemSchema } from "./system.ts";

/** What a request would run. */
export const plannedSchema = z.object({
  parameters: takeParametersSchema,
  plan: planSchema,
  steps_reused: z
    .int()
    .nonnegative()
    .describe(
      "Leading steps that the parent has stored already. A beginning shared with another take is found only when the take runs.",
    ),
  kept_share: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe(
      "Share of the clip's latents that an edit keeps bit for bit; null for everything else.",
    ),
  estimate: estimateSchema
    .nullable()
    .describe("null where one of its models has not run on this machine yet."),
});
export type Planned = z.infer<typeof plannedSchema>;

const MAX_PAGE = 100;
const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(20),
  after: z.string().optional().describe("The last id of the page before."),
  order: z.enum(["asc", "desc"]).default("desc"),
};
const pageOf = <Schema extends z.ZodType>(schema: Schema) =>
  z.object({ items: z.array(schema), has_more: z.boolean() });
export const json = <Schema extends z.ZodType>(schema: Schema, status: 200 | 201 = 200) =>
  ({ kind: "json", status, schema }) as const;

export const inSession = { params: z.object({ session_id: sessionIdSchema }) };
export const ofTake = { params: z.object({ take_id: takeIdSchema }) };
export const ofStep = {
  params: z.object({ take_id: takeIdSchema, step: z.coerce.number().int().positive() }),
};
const ofArtifact = { params: z.object({ artifact_id: artifactIdSchema }) };
const titleSchema = z.string().trim().min(1).max(200);

/** The native API. Handlers, client, OpenAPI and the reference page are derived from this table. */
export const NATIVE_ENDPOINTS = defineEndpoints({
  getHealth: {
    method: "GET",
    path: "/api/v1/health",
    tag: "system",
    summary: "Whether the server answers",
    response: json(z.object({ status: z.literal("ok"), version: z.string() })),
    errors: [],
    open: true,
  },
  getSystem: {
    method: "GET",
    path: "/api/v1/system",
    tag: "system",
    summary: "Version, settings (secrets masked), workers, queue, disk and video encoders",
    response: json(systemSchema),
    errors: [],
  },

  listModels: {
    method: "GET",
    path: "/api/v1/models",
    tag: "models",
    summary: "Every model with its limits, defaults and status",
    response: json(z.object({ items: z.array(modelSchema) })),
    errors: [],
  },
  getModel: {
    method: "GET",
    path: "/api/v1/models/{model_id}",
    tag: "models",
    summary: "One model",
    params: z.object({ model_id: z.string() }),
    response: json(modelSchema),
    errors: ["model_not_found"],
  },

  createSession: {
    method: "POST",
    path: "/api/v1/sessions",
    tag: "sessions",
    summary: "Start an empty session",
    body: z.strictObject({ title: titleSchema }),
    idempotent: true,
    response: json(sessionSchema, 201),
    errors: ["invalid_request", "idempotency_key_reused"],
  },
  listSessions: {
    method: "GET",
    path: "/api/v1/sessions",
    tag: "sessions",
    summary: "Sessions, newest first",
    query: z.strictObject(pageQuery),
    response: json(pageOf(sessionSchema)),
    errors: ["invalid_cursor"],
  },
  getSession: {
    method: "GET",
    path: "/api/v1/sessions/{session_id}",
    tag: "sessions",
    summary: "One session",
    ...inSession,
    response: json(sessionSchema),
    errors: ["session_not_found"],
  },
  updateSession: {
    method: "PATCH",
    path: "/api/v1/sessions/{session_id}",
    tag: "sessions",
    summary: "Change a session's title or the take that is worked on",
    ...inSession,
    body: z.strictObject({
      title: titleSchema.optional(),
      head_take_id: takeIdSchema.nullable().optional(),
    }),
    response: json(sessionSchema),
    errors: ["session_not_found", "take_not_found"],
  },
  deleteSession: {
    method: "DELETE",
    path: "/api/v1/sessions/{session_id}",
    tag: "sessions",
    summary: "Delete a session with its takes",
    ...inSession,
    response: json(z.object({ id: sessionIdSchema, deleted: z.literal(true) })),
    errors: ["session_not_found", "session_active"],
  },
  streamSessionEvents: {
    method: "GET",
    path: "/api/v1/sessions/{session_id}/events",
    tag: "events",
    summary: "A session's events as server-sent events",
    description:
      "The event id is `seq`, gapless per session. Reconnect with Last-Event-ID (or `after`) and none is missed.",
    ...inSession,
    query: z.strictObject({ after: z.coerce.number().int().nonnegative().optional() }),
    response: { kind: "events", schema: eventSchema },
    errors: ["session_not_found"],
  },

  createTake: {
    method: "POST",
    path: "/api/v1/takes",
    tag: "takes",
    summary: "Generate a clip in a new session",
    body: takeRequestSchema,
    idempotent: true,
    response: json(takeSchema, 201),
    errors: ["model_not_found", "unsupported_value", "queue_full", "idempotency_key_reused"],
  },
  createSessionTake: {
    method: "POST",
    path: "/api/v1/sessions/{session_id}/takes",
    tag: "takes",
    summary: "Generate a clip in a session",
    ...inSession,
    body: takeRequestSchema,
    idempotent: true,
    response: json(takeSchema, 201),
    errors: [
      "session_not_found",
      "model_not_found",
      "unsupported_value",
      "queue_full",
      "idempotency_key_reused",
    ],
  },
  planTake: {
    method: "POST",
    path: "/api/v1/plans",
    tag: "takes",
    summary: "The plan a request would run and what it would take, without running it",
    body: takeRequestSchema,
    response: json(plannedSchema),
    errors: ["model_not_found", "unsupported_value"],
  },
  listTakes: {
    method: "GET",
    path: "/api/v1/takes",
    tag: "takes",
    summary: "Takes, newest first",
    query: z.strictObject({
      ...pageQuery,
      session_id: sessionIdSchema.optional(),
      parent_id: takeIdSchema.optional(),
      status: takeStatusSchema.optional(),
    }),
    response: json(pageOf(takeSchema)),
    errors: ["invalid_cursor"],
  },
  getTake: {
    method: "GET",
    path: "/api/v1/takes/{take_id}",
    tag: "takes",
    summary: "One take with its plan, progress and artifacts",
    ...ofTake,
    response: json(takeSchema),
    errors: ["take_not_found"],
  },
  cancelTake: {
    method: "POST",
    path: "/api/v1/takes/{take_id}/cancel",
    tag: "takes",
    summary: "Stop a take within one step",
    ...ofTake,
    response: json(takeSchema),
    errors: ["take_not_found", "take_not_active"],
  },
  deleteTake: {
    method: "DELETE",
    path: "/api/v1/takes/{take_id}",
    tag: "takes",
    summary: "Delete a finished take with its states and artifacts",
    ...ofTake,
    response: json(z.object({ id: takeIdSchema, deleted: z.literal(true) })),
    errors: ["take_not_found", "take_active", "take_in_use"],
  },
  listTakeLogs: {
    method: "GET",
    path: "/api/v1/takes/{take_id}/logs",
    tag: "takes",
    summary: "What server and worker logged for a take",
    ...ofTake,
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(200) }),
    response: json(z.object({ items: z.array(logLineSchema) })),
    errors: ["take_not_found"],
  },
  watchTake: {
    method: "GET",
    path: "/api/v1/takes/{take_id}/live",
    tag: "takes",
    summary: "Live frames over WebSocket",
    description:
      "Binary messages: a 28-byte header and a JPEG (see the live frames page). The newest preview is sent at once to a viewer that joins late; a slow viewer skips previews, never finished frames.",
    ...ofTake,
    response: { kind: "socket" },
    errors: ["take_not_found"],
  },

  listStates: {
    method: "GET",
    path: "/api/v1/takes/{take_id}/states",
    tag: "takes",
    summary: "The stored steps of a take's trajectory",
    ...ofTake,
    response: json(z.object({ items: z.array(stateSchema) })),
    errors: ["take_not_found"],
  },
  getStateContent: {
    method: "GET",
    path: "/api/v1/takes/{take_id}/states/{step}/content",
    tag: "takes",
    summary: "A state as safetensors",
    ...ofStep,
    response: { kind: "file", mediaTypes: ["application/octet-stream"] },
    errors: ["take_not_found", "state_not_found", "range_not_satisfiable"],
  },
  getStatePreview: {
    method: "GET",
    path: "/api/v1/takes/{take_id}/states/{step}/preview",
    tag: "takes",
    summary: "The picture at a step: frames side by side",
    ...ofStep,
    response: { kind: "file", mediaTypes: ["image/jpeg"] },
    errors: ["take_not_found", "state_not_found"],
  },

  getArtifact: {
    method: "GET",
    path: "/api/v1/artifacts/{artifact_id}",
    tag: "artifacts",
    summary: "An artifact's description",
    ...ofArtifact,
    response: json(artifactSchema),
    errors: ["artifact_not_found"],
  },
  getArtifactContent: {
    method: "GET",
    path: "/api/v1/artifacts/{artifact_id}/content",
    tag: "artifacts",
    summary: "An artifact's bytes",
    ...ofArtifact,
    response: { kind: "file", mediaTypes: ["video/mp4", "image/jpeg", "text/plain"] },
    errors: ["artifact_not_found", "range_not_satisfiable"],
  },

  streamEvents: {
    method: "GET",
    path: "/api/v1/events",
    tag: "events",
    summary: "Events of all sessions as server-sent events",
    description:
      "The event id is `position`. Without Last-Event-ID or `after` the stream starts with what happens from now on.",
    query: z.strictObject({ after: z.coerce.number().int().nonnegative().optional() }),
    response: { kind: "events", schema: eventSchema },
    errors: [],
  },

  getOpenApi: {
    method: "GET",
    path: "/openapi.json",
    tag: "system",
    summary: "This API as OpenAPI 3.1",
    response: json(z.record(z.string(), z.unknown())),
    errors: [],
    open: true,
  },
  getReference: {
    method: "GET",
    path: "/docs",
    tag: "system",
    summary: "The reference page",
    response: { kind: "text", mediaType: "text/html" },
    errors: [],
    open: true,
  },
  getMetrics: {
    method: "GET",
    path: "/metrics",
    tag: "system",
    summary: "Prometheus metrics",
    response: { kind: "text", mediaType: "text/plain" },
    errors: [],
  },
});
