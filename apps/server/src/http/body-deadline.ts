import type { System } from "@arc-fabric/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/** A body that is read whole has to be there by then; of an archive, something has to arrive this often. */
const BODY_DEADLINE_MS = 60_000;
const HEADERS_DEADLINE_MS = 60_000;
const TIMEOUT_ANSWER = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n";

/**
 * Bounds the time a request may take to arrive. Node's own `requestTimeout` has one value for all addresses, and an
 * archive of many gigabytes takes longer than any that would be right for the others.
 */
export function limitBodyTime(app: FastifyInstance, system: Pick<System, "sleep">): void {
  app.server.requestTimeout = 0;
  app.server.headersTimeout = HEADERS_DEADLINE_MS;
  app.addHook("onRequest", async (request, reply) => {
    if (hasBody(request)) void watch(request, reply, system);
  });
}

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

async function watch(
  request: FastifyRequest,
  reply: FastifyReply,
  system: Pick<System, "sleep">,
): Promise<void> {
  const { raw } = request;
  const { socket } = raw;
  const { takesArchive = false } = request.routeOptions.config;
  const arrived = new AbortController();
  const stop = () => arrived.abort();
  raw.once("end", stop);
  raw.once("close", stop);
  if (!takesArchive) reply.raw.once("close", stop);
  try {
    for (let before = -1; ;) {
      await system.sleep(BODY_DEADLINE_MS, arrived.signal);
      const goesOn = takesArchive && !reply.raw.writableEnded && socket.bytesRead > before;
      if (!goesOn) break;
      before = socket.bytesRead;
    }
  } catch {
    return; // It arrived.
  }
  if (reply.raw.headersSent) raw.destroy();
  else socket.end(TIMEOUT_ANSWER);
}
