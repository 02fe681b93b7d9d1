import type { z } from "zod";
import { type JsonSchema, jsonSchema } from "./json-schema.ts";

/** One field of an input as the reference shows it. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
}

interface ObjectSchema {
  readonly properties?: Record<string, JsonSchema>;
  readonly required?: string[];
}

/** The tables of a body: one, or one for each variant that its `kind` tells apart. */
export function bodyTables(schema: z.ZodType | undefined): [string, Field[]][] {
  if (!schema) return [];
  const { oneOf } = jsonSchema(schema, "input") as { oneOf?: ObjectSchema[] };
  if (!oneOf) return [["Body", fieldsOf(schema)]];
  return oneOf.map((variant) => {
    const { kind, ...properties } = variant.properties ?? {};
    const title = `Body with kind ${kind ? typeText(kind) : "?"}`;
    return [title, fieldTexts({ ...variant, properties }, properties)];
  });
}

export function fieldsOf(schema: z.ZodType | undefined, hasTextForm = false): Field[] {
  if (!schema) return [];
  const input = jsonSchema(schema, "input") as ObjectSchema;
  const output = jsonSchema(schema, "output") as ObjectSchema;
  const properties = hasTextForm ? (output.properties ?? {}) : (input.properties ?? {});
  return fieldTexts(input, properties);
}

function fieldTexts(input: ObjectSchema, properties: Record<string, JsonSchema>): Field[] {
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
    const: value,
    format,
    anyOf,
    oneOf,
    prefixItems,
    items,
    minimum,
    maximum,
    exclusiveMinimum,
    maxLength,
  } = schema as {
    type?: string;
    enum?: unknown[];
    const?: unknown;
    format?: string;
    anyOf?: JsonSchema[];
    oneOf?: JsonSchema[];
    prefixItems?: JsonSchema[];
    items?: JsonSchema;
    minimum?: number;
    maximum?: number;
    exclusiveMinimum?: number;
    maxLength?: number;
  };
  if (values) return values.map((value) => JSON.stringify(value)).join(" | ");
  if (value !== undefined) return JSON.stringify(value);
  if (format === "binary") return "file";
  const options = anyOf ?? oneOf;
  if (options) return [...new Set(options.map(optionText))].join(" or ");
  if (prefixItems) return `[${prefixItems.map(typeText).join(", ")}]`;
  if (items) return `${typeText(items)}[]`;
  const limits: string[] = [];
  if (minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER) limits.push(`≥ ${minimum}`);
  if (exclusiveMinimum !== undefined) limits.push(`> ${exclusiveMinimum}`);
  if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) limits.push(`≤ ${maximum}`);
  if (maxLength !== undefined) limits.push(`≤ ${maxLength} characters`);
  return [type ?? "any", limits.join(", ")].filter(Boolean).join(" ");
}

/** Objects inside a union are told apart by their fields. */
function optionText(schema: JsonSchema): string {
  const { type, properties } = schema as ObjectSchema & { type?: string };
  if (type !== "object" || !properties) return typeText(schema);
  const fields = Object.entries(properties).map(([name, field]) =>
    "const" in field ? `${name}: ${JSON.stringify(field["const"])}` : name,
  );
  return `{${fields.join(", ")}}`;
}
