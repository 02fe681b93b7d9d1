import type { FastifyReply, FastifyRequest } from "fastify";
import { type ByteRange, parseRange } from "./byte-range.ts";
import type { FileAnswer, StreamAnswer } from "./handler-types.ts";

/** Sends a file with validators and ranges (RFC 9110 §13, §14); HEAD gets the same headers without bytes. */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: FileAnswer,
): Promise<FastifyReply> {
  const etag = `"${file.digest}"`;
  reply.header("etag", etag);
  reply.header(
    "cache-control",
    file.immutable ? "private, max-age=31536000, immutable" : "private, no-cache",
  );
  if (matches(request.headers["if-none-match"], etag)) return reply.code(304).send();

  reply.header("accept-ranges", "bytes");
  reply.header("content-disposition", `inline; filename="${file.fileName}"`);
  const range = rangeOf(request, etag, file.bytes);
  reply.type(file.mediaType);
  if (range)
    reply.code(206).header("content-range", `bytes ${range.start}-${range.end}/${file.bytes}`);
  const { start, end } = range ?? { start: 0, end: file.bytes - 1 };
  reply.header("content-length", String(end - start + 1));
  if (request.method === "HEAD" || end < start) return reply.send("");
  return reply.send(await file.open({ start, end }));
}

/** Sends what is made on the way as a download; an answer that ends before its end was broken off. */
export function sendStream(
  request: FastifyRequest,
  reply: FastifyReply,
  { mediaType, fileName, stream }: StreamAnswer,
): FastifyReply {
  reply.header("cache-control", "no-store");
  reply.header("content-disposition", `attachment; filename="${fileName}"`);
  reply.type(mediaType);
  return reply.send(request.method === "HEAD" ? "" : stream());
}

/** If-Range: a part is only wanted of the very bytes the client already has a part of. */
function rangeOf(request: FastifyRequest, etag: string, size: number): ByteRange | null {
  const ifRange = request.headers["if-range"];
  if (ifRange !== undefined && ifRange !== etag) return null;
  return parseRange(request.headers.range, size);
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header
    .split(",")
    .some((candidate) => candidate.trim() === "*" || candidate.trim().replace(/^W\//, "") === etag);
}
