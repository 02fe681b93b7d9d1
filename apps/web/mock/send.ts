import type { IncomingMessage, ServerResponse } from "node:http";
import { readFile } from "node:fs/promises";
import path from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** Bytes with a single HTTP range, which a <video> asks for. */
export function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  { mediaType, bytes }: { mediaType: string; bytes: Buffer },
): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const headers = {
    "content-type": mediaType,
    "accept-ranges": "bytes",
    "cache-control": "private, max-age=3600",
  };
  if (!range)
    return void response.writeHead(200, { ...headers, "content-length": bytes.length }).end(bytes);
  const from = Number(range[1]);
  const to = Math.min(range[2] ? Number(range[2]) : bytes.length - 1, bytes.length - 1);
  if (from > to)
    return void response.writeHead(416, { "content-range": `bytes */${bytes.length}` }).end();
  response
    .writeHead(206, {
      ...headers,
      "content-range": `bytes ${from}-${to}/${bytes.length}`,
      "content-length": to - from + 1,
    })
    .end(bytes.subarray(from, to + 1));
}

/** The real server's, so that what breaks it is seen in the tests. */
const POLICY =
  "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** A file of the built studio; any other address is the studio's own affair and gets its page. */
export async function sendStudio(
  response: ServerResponse,
  directory: string,
  pathname: string,
): Promise<void> {
  const wanted = path.join(directory, path.normalize(pathname));
  const isFile = path.extname(wanted) !== "";
  const file = isFile ? wanted : path.join(directory, "index.html");
  try {
    const content = await readFile(file);
    response
      .writeHead(200, {
        "content-type": TYPES[path.extname(file)] ?? "application/octet-stream",
        "content-security-policy": POLICY,
      })
      .end(content);
  } catch {
    response
      .writeHead(404, { "content-type": "text/plain" })
      .end(`${pathname} is not in the built studio`);
  }
}
