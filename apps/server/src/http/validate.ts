import { FabricError } from "@arc-fabric/contract";
import { z } from "zod";
import { suggestion } from "../config/closest-name.ts";
import { issuePath, issueText } from "./issue-text.ts";

export type InputPart = "body" | "query" | "path";
const PART_NAMES: Record<InputPart, string> = { body: "body", query: "query", path: "address" };

/**
 * Input checked by the endpoint table's schema.
 * @throws FabricError `unknown_field` or `invalid_request` naming the field (details.field) and what is accepted
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  part: InputPart,
): z.infer<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const { issues } = result.error;
  // An unknown field is most often the reason for a missing one: say that first.
  const unknown = issues.find((issue) => issue.code === "unrecognized_keys");
  if (unknown) throw unknownField(unknown, knownFields(schema, unknown.path, input), part);
  const [first] = issues;
  if (first && first.path.length === 0 && part === "body")
    throw new FabricError("invalid_request", "The body must be a JSON object.", {
      details: { field: null },
    });
  const shown = issues
    .slice(0, 5)
    .map((issue) => ({ field: issuePath(issue.path), message: issueText(issue) }));
  throw new FabricError("invalid_request", `${shown.map(({ message }) => message).join("; ")}.`, {
    details: { field: shown[0]?.field ?? null, issues: shown },
  });
}

/** Input of an address that takes none. @throws FabricError `unknown_field` */
export function refuseInput(input: unknown, part: InputPart): void {
  if (input === undefined || input === null) return;
  if (typeof input !== "object")
    throw new FabricError("invalid_request", `This address takes no ${PART_NAMES[part]}.`, {
      details: { field: null },
    });
  const [first] = Object.keys(input);
  if (first !== undefined)
    throw new FabricError(
      "unknown_field",
      `This address takes no fields in its ${PART_NAMES[part]}, but "${clip(first)}" was sent.`,
      {
        details: { field: clip(first), known: [] },
      },
    );
}

/** The fields there are at the top, of the variant that was sent; those of inner objects are in the reference. */
function knownFields(schema: z.ZodType, path: readonly PropertyKey[], input: unknown): string[] {
  if (path.length > 0) return [];
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return [];
  const { discriminator } = schema.def;
  const sent = (input as Readonly<Record<string, unknown>>)[discriminator];
  const variant = schema.options.find(
    (option): option is z.ZodObject =>
      option instanceof z.ZodObject && option.shape[discriminator]?.safeParse(sent).success,
  );
  return variant ? Object.keys(variant.shape) : [];
}

function unknownField(
  issue: z.core.$ZodIssueUnrecognizedKeys,
  known: readonly string[],
  part: InputPart,
): FabricError {
  const key = clip(issue.keys[0] ?? "");
  const field = issuePath([...issue.path, key]);
  const message = `The ${PART_NAMES[part]} has an unknown field "${field}".${suggestion(key, known)}${known.length > 0 ? ` Known fields: ${known.join(", ")}.` : ""}`;
  return new FabricError("unknown_field", message, { details: { field, known } });
}

const clip = (key: string) => (key.length > 100 ? `${key.slice(0, 100)}…` : key);
