import { FabricError } from "@arc-fabric/contract";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { parseMultipart } from "./multipart.ts";

export const ARCHIVE_TYPE = "application/x-tar";

/**
 * JSON, multipart forms, the sign-in page's form, and archives, which are handed on unread; any other type is refused.
 * @param maxFormBytes largest form: forms carry files, so they may be larger than other bodies
 */
export function registerBodyParsers(app: FastifyInstance, maxFormBytes: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/json",
    { parseAs: "buffer" },
    async (_request: unknown, body: Buffer) => parseJson(body),
  );
  app.addContentTypeParser(
    "multipart/form-data",
    { parseAs: "buffer", bodyLimit: maxFormBytes },
    async (request: FastifyRequest, body: Buffer) =>
      parseMultipart(new Uint8Array(body), request.headers["content-type"] ?? ""),
  );
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "buffer" },
    async (_request: unknown, body: Buffer) =>
      Object.fromEntries(new URLSearchParams(body.toString())),
  );
  app.addContentTypeParser(ARCHIVE_TYPE, (_request, payload, done) => done(null, payload));
  app.addContentTypeParser("*", async (request: { headers: Record<string, unknown> }) => {
    const given = String(request.headers["content-type"] ?? "a body without a Content-Type").slice(
      0,
      100,
    );
    throw new FabricError(
      "unsupported_media_type",
      `This server takes application/json or multipart/form-data, not ${given}.`,
    );
  });
}

function parseJson(body: Buffer): unknown {
  if (body.byteLength === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new FabricError(
      "invalid_json",
      `The body is not valid JSON: ${(cause as Error).message.slice(0, 200)}.`,
      { cause },
    );
  }
}
