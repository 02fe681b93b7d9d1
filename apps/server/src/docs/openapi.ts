import {
  type Endpoint,
  ENDPOINT_LIST,
  ERROR_CATALOGUE,
  type ErrorCode,
} from "@arc-fabric/contract";
import { z } from "zod";
import { isOpenaiPath } from "../http/error-response.ts";
import { type JsonSchema, jsonSchema, namedSchemas, referringSchema } from "./json-schema.ts";

/** Errors any address may answer with. */
const COMMON_ERRORS: readonly ErrorCode[] = [
  "invalid_request",
  "invalid_host",
  "internal",
  "shutting_down",
];
const BODY_ERRORS: readonly ErrorCode[] = [
  "invalid_json",
  "unknown_field",
  "payload_too_large",
  "unsupported_media_type",
];

const openaiErrorSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    code: z.string(),
    param: z.string().nullable(),
  }),
});

/** The whole API as OpenAPI 3.1, derived from the endpoint table. */
export function openApiDocument(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [operation, endpoint] of ENDPOINT_LIST)
    (paths[endpoint.path] ??= {})[endpoint.method.toLowerCase()] = describe(operation, endpoint);
  return {
    openapi: "3.1.0",
    info: {
      title: "Arc Fabric",
      version,
      summary: "Generative video as durable, long-lived sessions",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: {
        ...namedSchemas(),
        OpenaiError: jsonSchema(openaiErrorSchema, "output"),
      },
      securitySchemes: {
        token: { type: "http", scheme: "bearer" },
        cookie: { type: "apiKey", in: "cookie", name: "arc_token" },
      },
    },
    security: [{ token: [] }, { cookie: [] }],
  };
}

/** Every error an endpoint may answer with, its own and those all share. */
function errorsOf(endpoint: Endpoint): readonly ErrorCode[] {
  const codes = new Set<ErrorCode>([...endpoint.errors, ...COMMON_ERRORS]);
  if (endpoint.body || endpoint.bodyTypes) for (const code of BODY_ERRORS) codes.add(code);
  if (endpoint.query) codes.add("unknown_field");
  if (endpoint.bodyTypes?.includes("multipart/form-data")) codes.add("invalid_multipart");
  if (endpoint.idempotent) codes.add("idempotency_key_reused");
  if (endpoint.response.kind === "events" || endpoint.response.kind === "socket")
    codes.add("too_many_streams");
  if (!endpoint.open) codes.add("unauthorized");
  return [...codes];
}

function describe(operation: string, endpoint: Endpoint): JsonSchema {
  return {
    operationId: operation,
    tags: [endpoint.tag],
    summary: endpoint.summary,
    ...(endpoint.description ? { description: endpoint.description } : {}),
    ...(endpoint.open ? { security: [] } : {}),
    parameters: [
      ...parameters(endpoint.params, "path"),
      ...parameters(endpoint.query, "query"),
      ...headerParameters(endpoint),
    ],
    ...requestBody(endpoint),
    responses: { ...success(endpoint), ...failures(endpoint) },
  };
}

function parameters(schema: z.ZodObject | undefined, place: "path" | "query"): JsonSchema[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, "input") as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  const output = (jsonSchema(schema, "output") as { properties: Record<string, JsonSchema> })
    .properties;
  return Object.keys(properties).map((name) => ({
    name,
    in: place,
    required: place === "path" || required.includes(name),
    // What a coerced value must be is said by the schema's output side.
    schema: output[name] ?? properties[name],
  }));
}

function headerParameters({ idempotent, response }: Endpoint): JsonSchema[] {
  const header = (name: string, description: string) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  });
  if (idempotent)
    return [
      header(
        "Idempotency-Key",
        "The same key and request give the same answer for a day, and create once.",
      ),
    ];
  if (response.kind === "events")
    return [
      header("Last-Event-ID", "The id of the last event received; the stream goes on after it."),
    ];
  return response.kind === "file" && !response.streamed ? [header("Range", "One byte range.")] : [];
}

function requestBody({ body, bodyTypes }: Endpoint): JsonSchema {
  if (!body && !bodyTypes) return {};
  const schema = body ? referringSchema(body, "input") : { type: "string", format: "binary" };
  const types = bodyTypes ?? ["application/json"];
  const content = Object.fromEntries(types.map((type) => [type, { schema }]));
  return { requestBody: { required: true, content } };
}

function success(endpoint: Endpoint): JsonSchema {
  const { response } = endpoint;
  const bytes = (types: readonly string[]) =>
    Object.fromEntries(
      types.map((type) => [type, { schema: { type: "string", format: "binary" } }]),
    );
  switch (response.kind) {
    case "json":
      return {
        [response.status]: {
          description: "Done.",
          content: { "application/json": { schema: referringSchema(response.schema, "output") } },
        },
      };
    case "file":
      if (response.streamed)
        return {
          200: {
            description: "The file, made while it is sent.",
            content: bytes(response.mediaTypes),
          },
        };
      return {
        200: { description: "The whole file.", content: bytes(response.mediaTypes) },
        206: {
          description: "The part the Range header asked for.",
          content: bytes(response.mediaTypes),
        },
        304: { description: "The client has these bytes already (If-None-Match)." },
      };
    case "events":
      return {
        200: {
          description: "Server-sent events.",
          content: {
            "text/event-stream": { itemSchema: referringSchema(response.schema, "output") },
          },
        },
      };
    case "text":
      return {
        200: {
          description: "Text.",
          content: { [response.mediaType]: { schema: { type: "string" } } },
        },
      };
    case "socket":
      return { 101: { description: "The connection is a WebSocket from here on." } };
  }
}

function failures(endpoint: Endpoint): JsonSchema {
  const [mediaType, name] = isOpenaiPath(endpoint.path)
    ? ["application/json", "OpenaiError"]
    : ["application/problem+json", "Problem"];
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(endpoint))
    byStatus.set(ERROR_CATALOGUE[code].status, [
      ...(byStatus.get(ERROR_CATALOGUE[code].status) ?? []),
      code,
    ]);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${ERROR_CATALOGUE[code].title}.`).join(" "),
        content: { [mediaType!]: { schema: { $ref: `#/components/schemas/${name}` } } },
      },
    ]),
  );
}
