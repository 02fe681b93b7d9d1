import { type ErrorCode, type FabricError, type Problem, toProblem } from "@arc-fabric/contract";

/** What of an error goes out: status, headers and body, in the words of the API that was called. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem | OpenaiError;
}

/** The error envelope of the OpenAI API. */
export interface OpenaiError {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code: string;
    readonly param: string | null;
  };
}

/** An `internal` error's own message may hold paths or values of other users: it is in the log, not in the answer. */
const INTERNAL_MESSAGE =
  "Something broke inside the server; its log has the details under this request id.";
/** Failures that certainly created nothing, so that the client may send the create again by itself. */
const NOTHING_CREATED: readonly ErrorCode[] = ["queue_full", "shutting_down"];

export function errorResponse(
  error: FabricError,
  request: { id: string; method: string; path: string },
): ErrorResponse {
  const detail = error.code === "internal" ? INTERNAL_MESSAGE : error.message;
  const problem: Problem = { ...toProblem(error, request.id), detail };
  if (error.code === "internal") problem.details = {};
  const headers: Record<string, string> = {};
  const retryAfter = error.details["retry_after_s"];
  if (typeof retryAfter === "number")
    headers["retry-after"] = String(Math.max(1, Math.ceil(retryAfter)));
  if (error.code === "unauthorized") headers["www-authenticate"] = 'Bearer realm="arc-fabric"';
  const { allow, content_range: contentRange } = error.details;
  if (typeof allow === "string") headers["allow"] = allow;
  if (typeof contentRange === "string") headers["content-range"] = contentRange;
  if (!isOpenaiPath(request.path))
    return {
      status: problem.status,
      headers: { ...headers, "content-type": "application/problem+json" },
      body: problem,
    };

  headers["x-should-retry"] = String(shouldRetry(error, request.method));
  headers["content-type"] = "application/json; charset=utf-8";
  return { status: problem.status, headers, body: openaiError(problem) };
}

export const isOpenaiPath = (path: string): boolean => path === "/v1" || path.startsWith("/v1/");

function openaiError(problem: Problem): OpenaiError {
  const { field } = problem.details;
  return {
    error: {
      message: problem.detail,
      type: errorType(problem.status),
      code: problem.code,
      param: typeof field === "string" ? field : null,
    },
  };
}

function errorType(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 404) return "not_found_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

/** The official client sends a failed create again unless told not to, which would make a second video. */
function shouldRetry(error: FabricError, method: string): boolean {
  if (method === "GET" || method === "HEAD")
    return error.retryable && error.code !== "artifact_not_ready";
  return NOTHING_CREATED.includes(error.code);
}
