import {
  artifactSchema,
  comparisonSchema,
  deriveRequestSchema,
  errorRecordSchema,
  eventSchema,
  fileSchema,
  modelSchema,
  openaiCreateVideoSchema,
  openaiVideoSchema,
  plannedSchema,
  planSchema,
  problemSchema,
  sessionSchema,
  stateSchema,
  storageSchema,
  streamRequestSchema,
  streamSchema,
  systemSchema,
  takeParametersSchema,
  takeRequestSchema,
  takeSchema,
} from "@arc-fabric/contract";
import { z } from "zod";

export type JsonSchema = Record<string, unknown>;

/** Schemas with a name of their own in the document; everywhere else they are referred to. */
const NAMED: Readonly<Record<string, z.ZodType>> = {
  Artifact: artifactSchema,
  Comparison: comparisonSchema,
  CreateVideo: openaiCreateVideoSchema,
  DeriveRequest: deriveRequestSchema,
  ErrorRecord: errorRecordSchema,
  Event: eventSchema,
  File: fileSchema,
  Model: modelSchema,
  Plan: planSchema,
  Planned: plannedSchema,
  Problem: problemSchema,
  Session: sessionSchema,
  State: stateSchema,
  Storage: storageSchema,
  Stream: streamSchema,
  StreamRequest: streamRequestSchema,
  System: systemSchema,
  Take: takeSchema,
  TakeParameters: takeParametersSchema,
  TakeRequest: takeRequestSchema,
  Video: openaiVideoSchema,
};
const INPUTS = ["CreateVideo", "DeriveRequest", "StreamRequest", "TakeRequest"];

const names = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries(NAMED)) names.add(schema, { id });

const override: NonNullable<Parameters<typeof z.toJSONSchema>[1]>["override"] = ({
  zodSchema,
  jsonSchema: schema,
}) => {
  // The contract's only schema that JSON has no word for is that of a form's file.
  if (zodSchema._zod.def.type === "custom")
    Object.assign(schema, { type: "string", format: "binary" });
  // The registry of names stands in the place of the one that holds the descriptions.
  const description = z.globalRegistry.get(zodSchema as unknown as z.ZodType)?.description;
  if (description !== undefined) Object.assign(schema, { description });
};

/** A zod schema as the JSON Schema of OpenAPI 3.1, complete in itself. */
export function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override,
  }) as JsonSchema;
  return rest;
}

/** The same, with references to the named schemas. */
export function referringSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const name = names.get(schema)?.id;
  return name ? { $ref: `#/components/schemas/${name}` } : withReferences(schema, io);
}

/** The named schemas, for `components.schemas`. */
export function namedSchemas(): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(NAMED).map(([name, schema]) => [
      name,
      withReferences(schema, INPUTS.includes(name) ? "input" : "output"),
    ]),
  );
}

function withReferences(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const {
    $schema: _dialect,
    $defs: named = {},
    ...rest
  } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    metadata: names,
    override,
  }) as JsonSchema & { $defs?: Record<string, JsonSchema> };
  // A schema with a name is itself only a reference, to what stands beside it under its name.
  const name = names.get(schema)?.id;
  const { id: _id, ...body } = (name && named[name]) || rest;
  return JSON.parse(
    JSON.stringify(body).replaceAll("#/$defs/", "#/components/schemas/"),
  ) as JsonSchema;
}
