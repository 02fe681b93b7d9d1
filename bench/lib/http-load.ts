import { connect, type Socket } from "node:net";

export interface LoadResult {
  readonly perSecond: number;
  /** Milliseconds from request to answer. */
  readonly latenciesMs: readonly number[];
}

/**
 * Sends the same request over and over on `connections` keep-alive connections, one at a time on each. Written on
 * bare sockets, because the load generator shares the machine with the server it measures.
 * @throws when an answer has another status than `expected`
 */
export async function httpLoad(options: {
  url: string;
  method: string;
  path: string;
  body: string;
  expected: number;
  connections: number;
  requests: number;
}): Promise<LoadResult> {
  const { hostname, port } = new URL(options.url);
  const request = Buffer.from(
    `${options.method} ${options.path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(options.body)}\r\n\r\n${options.body}`,
  );
  const latenciesMs: number[] = [];
  let left = options.requests;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: options.connections }, async () => {
      const socket = connect(Number(port), hostname);
      while (left-- > 0) {
        const sent = performance.now();
        const status = await exchange(socket, request);
        latenciesMs.push(performance.now() - sent);
        if (status !== options.expected) throw new Error(`The server answered ${status}.`);
      }
      socket.destroy();
    }),
  );
  return { perSecond: options.requests / ((performance.now() - began) / 1000), latenciesMs };
}

/** Writes one request and reads one answer with a Content-Length. @returns its status */
function exchange(socket: Socket, request: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = "";
    const onData = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const headEnd = text.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text.slice(0, headEnd))?.[1]);
      if (text.length < headEnd + 4 + length) return;
      socket.off("data", onData).off("error", reject);
      resolve(Number(text.slice(9, 12)));
    };
    socket.on("data", onData).once("error", reject);
    socket.write(request);
  });
}
