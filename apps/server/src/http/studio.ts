import { existsSync } from "node:fs";
import path from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { page } from "./page-shell.ts";

/** Addresses that belong to the API and its pages: what is not there is a 404, never the studio. */
const API = /^\/(api|v1|docs|metrics|openapi\.json|login|logout)(\/|$)/;

/** Serves the built studio: hashed assets for good, the page itself always fresh. */
export async function registerStudio(app: FastifyInstance, directory: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: directory,
    index: false,
    serveDotFiles: false,
    cacheControl: false,
    setHeaders: (response, file) => {
      const hashed = path.relative(directory, file).startsWith(`assets${path.sep}`);
      response.setHeader(
        "cache-control",
        hashed ? "public, max-age=31536000, immutable" : "no-cache",
      );
    },
  });
  app.route({
    method: ["GET", "HEAD"],
    url: "/",
    handler: async (request, reply) => sendStudioPage(request, reply, directory),
  });
}

/** Every other address a person opens is a page of the studio. @returns null when this is not a page request */
export function sendStudioPage(
  request: FastifyRequest,
  reply: FastifyReply,
  directory: string,
): FastifyReply | null {
  const [address = "/"] = request.url.split("?");
  const wantsPage = address === "/" || (request.headers.accept ?? "").includes("text/html");
  if (!["GET", "HEAD"].includes(request.method) || !wantsPage || API.test(address)) return null;
  if (existsSync(path.join(directory, "index.html"))) return reply.code(200).sendFile("index.html");
  return reply
    .code(200)
    .type("text/html; charset=utf-8")
    .header("cache-control", "no-cache")
    .send(NOT_BUILT);
}

const NOT_BUILT = page(
  "The studio is not built",
  `<h1>The server is running</h1>
<p class="lead">The studio has not been built yet.</p>
<p>Start the server with <code>npm start</code>, which builds it when its sources have changed. The API works meanwhile:</p>
<nav><a href="/docs">API reference</a><a href="/openapi.json">OpenAPI</a><a href="/api/v1/health">Health</a></nav>`,
  "narrow",
);
