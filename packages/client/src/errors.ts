import {
  ERROR_CODES,
  FabricError,
  type ErrorCode,
  type Problem,
  type Take,
} from "@arc-fabric/contract";

const KNOWN_CODES: ReadonlySet<string> = new Set(ERROR_CODES);
const isErrorCode = (value: unknown): value is ErrorCode =>
  typeof value === "string" && KNOWN_CODES.has(value);

/** The id under which the server logged the request that failed; null when no answer came. */
export function requestIdOf(error: FabricError): string | null {
  const id = error.details["request_id"];
  return typeof id === "string" ? id : null;
}

/** Why a take failed, as an error; null when it did not fail. */
export function takeError(take: Take): FabricError | null {
  return (
    take.error &&
    new FabricError(take.error.code, take.error.message, {
      details: { ...take.error.details, take_id: take.id },
    })
  );
}

/** The error an answer with a status outside 2xx stands for: problem+json, the OpenAI envelope, or neither. */
export async function errorOfResponse(response: Response): Promise<FabricError> {
  const text = await response.text().catch(() => "");
  const body = parseObject(text);
  const inner = (body?.["error"] ?? null) as { code?: unknown; message?: unknown } | null;
  const problem = body as Partial<Problem> | null;
  const code = problem?.code ?? inner?.code;
  const message = problem?.detail ?? inner?.message;
  const details = {
    ...problem?.details,
    status: response.status,
    request_id: problem?.request_id ?? response.headers.get("x-request-id"),
    ...retryAfter(response),
  };
  if (isErrorCode(code) && typeof message === "string")
    return new FabricError(code, message, { details });
  const said =
    typeof message === "string" ? message : `HTTP ${response.status} ${response.statusText}`.trim();
  return new FabricError(codeOfStatus(response.status), `The server answered: ${said}.`, {
    details: { ...details, server_code: code },
  });
}

/** A failure before any answer. `url` is named so that a wrong address is seen at once. */
export function unreachable(url: string, cause: unknown): FabricError {
  const reason = networkReason(cause);
  return new FabricError("server_unreachable", `No answer from ${originOf(url)}: ${reason}.`, {
    cause,
    details: { url, reason },
  });
}

const NETWORK_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection broke",
  UND_ERR_SOCKET: "the connection broke",
  EPIPE: "the connection broke",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name could not be looked up",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no network",
  ETIMEDOUT: "no answer in time",
  UND_ERR_CONNECT_TIMEOUT: "no answer in time",
};

function networkReason(cause: unknown): string {
  for (
    let error = cause as { code?: unknown; cause?: unknown } | undefined;
    error;
    error = error.cause as typeof error
  ) {
    const reason = typeof error.code === "string" ? NETWORK_REASONS[error.code] : undefined;
    if (reason) return reason;
  }
  return cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
}

/** For servers and proxies that answer without one of our codes. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 404) return "not_found";
  if (status === 405) return "method_not_allowed";
  if (status === 413) return "payload_too_large";
  if (status === 502 || status === 503 || status === 504) return "server_unreachable";
  return status >= 500 ? "internal" : "invalid_request";
}

function retryAfter(response: Response): { retry_after_s?: number } {
  const value = response.headers.get("retry-after");
  return value !== null && /^\d+$/.test(value) ? { retry_after_s: Number(value) } : {};
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function originOf(url: string): string {
  return /^https?:\/\/[^/]+/.exec(url)?.[0] ?? "the server";
}
