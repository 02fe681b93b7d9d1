import { z } from "zod";

export type JsonSchema = Record<string, unknown>;

/** A zod schema as the JSON Schema of OpenAPI 3.1. */
export function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any", target: "draft-2020-12" }) as JsonSchema;
  return rest;
}
