import { requestIdOf } from "@arc-fabric/client";
import { ERROR_CATALOGUE, toFabricError, type ErrorRecord } from "@arc-fabric/contract";

/** An error as a person reads it. */
export interface ErrorDescription {
  title: string;
  message: string;
  remedy: string;
  code: string;
  requestId: string | null;
  retryable: boolean;
  /** Seconds until another try makes sense, when the server said so. */
  retryAfterS: number | null;
}

export function describeError(error: unknown): ErrorDescription {
  const fabric = toFabricError(error);
  const entry = ERROR_CATALOGUE[fabric.code];
  const retryAfter = fabric.details["retry_after_s"];
  return {
    title: entry.title,
    message: fabric.message,
    remedy: entry.remedy,
    code: fabric.code,
    requestId: requestIdOf(fabric),
    retryable: entry.retryable,
    retryAfterS: typeof retryAfter === "number" ? retryAfter : null,
  };
}

/** What happened and what to do about it, where nothing but text can be shown. */
export function errorText(error: unknown): string {
  const { message, remedy } = describeError(error);
  return `${message} ${remedy}`;
}

/** The error of a take that failed. */
export function describeRecord(record: ErrorRecord): ErrorDescription {
  const { code, message, remedy, retryable } = record;
  const requestId = record.details["request_id"];
  return {
    title: ERROR_CATALOGUE[code].title,
    message,
    remedy,
    code,
    retryable,
    requestId: typeof requestId === "string" ? requestId : null,
    retryAfterS: null,
  };
}
