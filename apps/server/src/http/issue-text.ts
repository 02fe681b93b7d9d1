import type { z } from "zod";

/** `parameters.limits[2]`: where in the input an issue lies. */
export function issuePath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key),
    "",
  );
}

/** An issue as a person reads it: the field and what is accepted there. */
export function issueText(issue: z.core.$ZodIssue): string {
  const field = issuePath(issue.path);
  return `${field ? `"${field}"` : "It"} ${issueReason(issue)}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "a string",
  boolean: "true or false",
  array: "a list",
  object: "an object",
};

/** Schemas that say in their own words what they accept are quoted; the library's standard sentences are replaced. */
export function issueReason(issue: z.core.$ZodIssue): string {
  const standard = /^(Invalid|Too|Unrecognized)/.test(issue.message);
  if (!standard) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      if (issue.message.endsWith("received undefined")) return "is required";
      return `must be ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `must ${bound(issue.origin, issue.inclusive ? "at least" : "more than", String(issue.minimum))}`;
    case "too_big":
      return `must ${bound(issue.origin, issue.inclusive ? "at most" : "less than", String(issue.maximum))}`;
    case "unrecognized_keys":
      return `has unknown fields ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
    case "invalid_union":
      if ("options" in issue && issue.options) return `must be one of ${issue.options.join(", ")}`;
      return (
        issue.errors
          .map(([first]) => (first ? issueReason(first) : ""))
          .filter(Boolean)
          .at(-1) ?? "is not accepted"
      );
    default:
      return "is not accepted";
  }
}

function bound(origin: string, relation: string, limit: string): string {
  const one = limit === "1";
  if (origin === "string") return `have ${relation} ${limit} ${one ? "character" : "characters"}`;
  if (origin === "array") return `have ${relation} ${limit} ${one ? "entry" : "entries"}`;
  return `be ${relation} ${limit}`;
}
