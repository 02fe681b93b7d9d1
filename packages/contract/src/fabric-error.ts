import { z } from "zod";
import { ERROR_CATALOGUE, ERROR_CODES, type ErrorCode } from "./error-catalogue.ts";

/** Recognises our errors across copies of this package, where `instanceof` would not. */
const MARKER = Symbol.for("arc-fabric.error");

/** What an error tells beside its message: the offending field and value, limits, `retry_after_s`, … */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** An operating error with a code of the closed catalogue. The message says what happened and what to do. */
export class FabricError extends Error {
  readonly [MARKER] = true;
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "FabricError";
    this.code = code;
    this.details = options.details ?? {};
  }

  get status(): number {
    return ERROR_CATALOGUE[this.code].status;
  }

  get retryable(): boolean {
    return ERROR_CATALOGUE[this.code].retryable;
  }
}

export function isFabricError(value: unknown): value is FabricError {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as { [MARKER]?: boolean })[MARKER] === true
  );
}

/** Any thrown value as a FabricError; what is not ours becomes `internal` with the original as its cause. */
export function toFabricError(value: unknown): FabricError {
  if (isFabricError(value)) return value;
  if ((value as { code?: unknown } | null)?.code === "ENOSPC")
    return new FabricError("disk_full", "The disk is full; what was stored before is intact.", {
      cause: value,
    });
  return new FabricError("internal", value instanceof Error ? value.message : String(value), {
    cause: value,
  });
}

/** An error as stored on a take and sent in events. */
export const errorRecordSchema = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  remedy: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()),
});
export type ErrorRecord = z.infer<typeof errorRecordSchema>;

export function toErrorRecord(error: FabricError): ErrorRecord {
  const { remedy, retryable } = ERROR_CATALOGUE[error.code];
  return {
    code: error.code,
    message: error.message,
    remedy,
    retryable,
    details: { ...error.details },
  };
}

/** The body of every error answer of the native API (RFC 9457, application/problem+json). */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(ERROR_CODES),
  remedy: z.string(),
  retryable: z.boolean(),
  request_id: z.string(),
  details: z.record(z.string(), z.unknown()),
});
export type Problem = z.infer<typeof problemSchema>;

export function toProblem(error: FabricError, requestId: string): Problem {
  const entry = ERROR_CATALOGUE[error.code];
  return {
    type: `/docs/errors#${error.code}`,
    title: entry.title,
    status: entry.status,
    detail: error.message,
    code: error.code,
    remedy: entry.remedy,
    retryable: entry.retryable,
    request_id: requestId,
    details: { ...error.details },
  };
}

/** Ends the unit of work that is corrupt when one of our own assumptions does not hold. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new FabricError("internal", `Broken invariant: ${message}`);
}
