import {
  type Endpoint,
  ENDPOINT_LIST,
  FabricError,
  isFabricError,
  toFabricError,
} from "@arc-fabric/contract";
import type { Logger } from "@arc-fabric/core";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { suggestion } from "../config/closest-name.ts";
import { errorResponse } from "./error-response.ts";

export type SendError = (
  request: FastifyRequest,
  reply: FastifyReply,
  thrown: unknown,
) => FastifyReply;

interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly maxFormBytes: number;
}

/** Every error of every route ends here: logged when it is ours to mend, sent in the words of the API that was called. */
export function createErrorSender(logger: Logger, limits: BodyLimits): SendError {
  return (request, reply, thrown) => {
    const error = fromFramework(thrown, request, limits) ?? toFabricError(thrown);
    if (error.status >= 500)
      logger.error(`${request.method} ${pathOf(request)} failed: ${error.message}`, {
        request_id: request.id,
        code: error.code,
        stack: (error.cause instanceof Error ? error.cause.stack : error.stack) ?? "",
      });
    const { status, headers, body } = errorResponse(error, {
      id: request.id,
      method: request.method,
      path: pathOf(request),
    });
    return reply
      .code(status)
      .headers({ "cache-control": "no-store", ...headers })
      .send(JSON.stringify(body));
  };
}

/** What Fastify itself refuses, in our words; null for anything else. */
function fromFramework(
  thrown: unknown,
  request: FastifyRequest,
  limits: BodyLimits,
): FabricError | null {
  const { code, statusCode, message } = (thrown ?? {}) as Partial<FastifyError>;
  if (isFabricError(thrown) || typeof statusCode !== "number" || statusCode >= 500) return null;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return tooLarge(request, limits);
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE")
    return new FabricError(
      "unsupported_media_type",
      "The body's content type is not accepted here.",
    );
  // The static files' way of saying "a folder" or "outside the folder".
  if (statusCode === 403) return new FabricError("not_found", "There is nothing at this address.");
  return new FabricError("invalid_request", message ?? "The request cannot be read.", {
    details: { field: null },
  });
}

function tooLarge(
  { headers }: FastifyRequest,
  { maxBodyBytes, maxFormBytes }: BodyLimits,
): FabricError {
  const isForm = headers["content-type"]?.toLowerCase().startsWith("multipart/") === true;
  const [what, bytes, variable] = isForm
    ? ["form", maxFormBytes, "ARC_MAX_FILE_BYTES"]
    : ["body", maxBodyBytes, "ARC_MAX_BODY_BYTES"];
  return new FabricError(
    "payload_too_large",
    `The ${what} is larger than the ${bytes} bytes this server accepts (${variable}).`,
    { details: { max_bytes: bytes } },
  );
}

/** @throws FabricError `method_not_allowed` when the address exists with another method, else `not_found` */
export function refuseUnknownAddress(request: FastifyRequest): never {
  const path = pathOf(request);
  const methods = ENDPOINT_LIST.filter(([, endpoint]) => matches(endpoint, path)).map(
    ([, { method }]) => method,
  );
  if (methods.length > 0) {
    const allow = [...new Set(methods)].join(", ");
    throw new FabricError(
      "method_not_allowed",
      `${clip(path)} takes ${allow}, not ${request.method}.`,
      { details: { allow } },
    );
  }
  const known = ENDPOINT_LIST.map(([, endpoint]) => endpoint.path);
  throw new FabricError(
    "not_found",
    `There is nothing at ${clip(path)}.${suggestion(path, known)}`,
  );
}

export const registerErrors = (app: FastifyInstance, sendError: SendError): void => {
  app.setErrorHandler((error, request, reply) => sendError(request, reply, error));
};

const matches = (endpoint: Endpoint, path: string) =>
  new RegExp(`^${endpoint.path.replaceAll(/\{\w+\}/g, "[^/]+").replaceAll(".", "\\.")}$`).test(
    path,
  );
const clip = (path: string) => (path.length > 200 ? `${path.slice(0, 200)}…` : path);
export const pathOf = (request: FastifyRequest): string => request.url.split("?")[0] ?? "/";
