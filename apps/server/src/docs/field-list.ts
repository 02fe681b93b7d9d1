import type { z } from "zod";
import { type JsonSchema, jsonSchema } from "./json-schema.ts";

/** One field of an input as the reference shows it. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

export function fieldsOf(schema: z.ZodType | undefined, hasTextForm = false): Field[] {
  if (!schema) return [];
  const input = jsonSchema(schema, "input") as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  const output = jsonSchema(schema, "output") as { properties?: Record<string, JsonSchema> };
  const properties = hasTextForm ? (output.properties ?? {}) : (input.properties ?? {});
  return Object.keys(properties).map((name) => ({
    name,
    type: typeText(properties[name]!),
    required: input.required?.includes(name) ?? false,
    description: [properties[name]!["description"], defaultText(input.properties?.[name])]
      .filter(Boolean)
      .join(" "),
  }));
}

const defaultText = (schema: JsonSchema | undefined) =>
  schema && "default" in schema ? `Default ${JSON.stringify(schema["default"])}.` : "";

function typeText(schema: JsonSchema): string {
  const {
    type,
    enum: values,
    anyOf,
    items,
    minimum,
    maximum,
    exclusiveMinimum,
    maxLength,
  } = schema as {
    type?: string;
    enum?: unknown[];
    anyOf?: JsonSchema[];
    items?: JsonSchema;
    minimum?: number;
    maximum?: number;
    exclusiveMinimum?: number;
    maxLength?: number;
  };
  if (values) return values.map((value) => JSON.stringify(value)).join(" | ");
  if (anyOf) return [...new Set(anyOf.map(typeText))].join(" or ");
  if (items) return `${typeText(items)}[]`;
  const limits: string[] = [];
  if (minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER) limits.push(`≥ ${minimum}`);
  if (exclusiveMinimum !== undefined) limits.push(`> ${exclusiveMinimum}`);
  if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) limits.push(`≤ ${maximum}`);
  if (maxLength !== undefined) limits.push(`≤ ${maxLength} characters`);
  return [type ?? "any", limits.join(", ")].filter(Boolean).join(" ");
}
