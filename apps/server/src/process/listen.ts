import { FabricError } from "@arc-fabric/contract";
import type { FastifyInstance } from "fastify";

/**
 * Starts listening.
 * @returns the address to open in a browser on this machine
 * @throws FabricError `port_in_use`, `config_invalid` for an address or port that cannot be taken
 */
export async function listen(
  app: FastifyInstance,
  { host, port }: { host: string; port: number },
): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw listenError(cause as NodeJS.ErrnoException, host, port);
  }
  const address = app.server.address();
  const realPort = typeof address === "object" && address ? address.port : port;
  return `http://${reachableHost(host)}:${realPort}`;
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): unknown {
  switch (cause.code) {
    case "EADDRINUSE":
      return new FabricError(
        "port_in_use",
        `Another program listens on ${host} port ${port} already.`,
        { details: { host, port }, cause },
      );
    case "EACCES":
      return new FabricError(
        "config_invalid",
        `This user may not listen on port ${port}; ports from 1024 on are free to use.`,
        { details: { port }, cause },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new FabricError(
        "config_invalid",
        `This machine has no address "${host}" to listen on.`,
        { details: { host }, cause },
      );
    default:
      return cause;
  }
}

function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
