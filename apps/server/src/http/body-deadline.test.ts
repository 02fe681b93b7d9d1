import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { fastify, type FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limitBodyTime } from "./body-deadline.ts";
import { ARCHIVE_TYPE, registerBodyParsers } from "./body-parsers.ts";

let app: FastifyInstance;
let port: number;
/** Ends the wait that the request began last. */
let pass: () => void;
let waiting: PromiseWithResolvers<void>;
let answered: string[];

beforeEach(async () => {
  app = fastify({ logger: false });
  answered = [];
  waiting = Promise.withResolvers();
  registerBodyParsers(app, 1 << 20);
  limitBodyTime(app, {
    sleep: (_ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason as Error));
        pass = resolve;
        waiting.resolve();
        waiting = Promise.withResolvers();
      }),
  });
  app.post("/json", async (request) => {
    answered.push("json");
    return request.body;
  });
  app.post("/archive", { config: { takesArchive: true } }, async (request) => {
    let bytes = 0;
    for await (const chunk of request.body as AsyncIterable<Buffer>) bytes += chunk.byteLength;
    answered.push("archive");
    return { bytes };
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  port = (app.server.address() as { port: number }).port;
});
afterEach(() => app.close());

/** Sends a request of 10 bytes whose body has only begun. */
async function begin(url: string, type: string): Promise<Socket> {
  const begun = waiting.promise;
  const socket = connect(port, "127.0.0.1");
  socket.write(
    `POST ${url} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 10\r\n\r\n{"a"`,
  );
  await begun;
  return socket;
}

async function received(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) {
    text += String(chunk);
    if (text.includes("\r\n\r\n")) break;
  }
  return text;
}

describe("the time a body takes to arrive", () => {
  it("is bounded for one that is read whole", async () => {
    const socket = await begin("/json", "application/json");
    pass();
    expect(await received(socket)).toContain("408 Request Timeout");
    expect(answered).toEqual([]);
  });

  it("is not counted once it is there", async () => {
    const socket = await begin("/json", "application/json");
    socket.write(": 1  }");
    expect(await received(socket)).toContain("200 OK");
    pass();
    expect(answered).toEqual(["json"]);
  });

  it("does not matter for an archive as long as something arrives, and is bounded when nothing does", async () => {
    const socket = await begin("/archive", ARCHIVE_TYPE);
    for (const byte of ["1", "2"]) {
      const { bytesRead } = await serverSide();
      socket.write(byte);
      while ((await serverSide()).bytesRead === bytesRead) await new Promise(setImmediate);
      const goesOn = waiting.promise;
      pass();
      await goesOn;
    }
    pass();
    expect(await received(socket)).toContain("408 Request Timeout");
    expect(answered).toEqual([]);
  });

  it("an archive that arrives late but whole is answered", async () => {
    const socket = await begin("/archive", ARCHIVE_TYPE);
    const goesOn = waiting.promise;
    pass();
    await goesOn;
    socket.write("abcdef");
    expect(await received(socket)).toContain("200 OK");
    expect(answered).toEqual(["archive"]);
  });
});

let sockets: Socket[] = [];
beforeEach(() => {
  sockets = [];
  app.server.on("connection", (socket) => sockets.push(socket));
});
async function serverSide(): Promise<Socket> {
  if (sockets.length === 0) await once(app.server, "connection");
  return sockets.at(-1)!;
}
