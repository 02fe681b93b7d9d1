import type { IncomingMessage, ServerResponse } from "node:http";
import { isFabricError, type FabricEvent } from "@arc-fabric/contract";
import { SESSION_ID } from "@arc-fabric/contract/testing";
import { createClient, type Connection, type Platform } from "@arc-fabric/client";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { fastPlatform } from "./support/fast-platform.ts";
import { sendProblem, startHttpServer, type TestServer } from "./support/http-server.ts";
import { stepEvent } from "./support/samples.ts";

let server: TestServer | undefined;
afterEach(() => server?.close());

const wire = (event: FabricEvent, id = event.seq) =>
  `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
const lastIdOf = (request: IncomingMessage) => Number(request.headers["last-event-id"] ?? 0);

function openStream(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { "content-type": "text/event-stream" });
}

/** Reads events until there are `count`. */
async function take(events: AsyncIterable<FabricEvent>, count: number): Promise<number[]> {
  const seqs: number[] = [];
  for await (const event of events) {
    seqs.push(event.seq);
    if (seqs.length === count) break;
  }
  return seqs;
}

describe("events", () => {
  test("none is missed and none comes twice, wherever in its bytes the connection is dropped", async () => {
    const total = 12;
    const log = Array.from({ length: total }, (_, i) => stepEvent(i + 1, 1));
    let cuts: number[] = [];
    server = await startHttpServer((request, response) => {
      const after = lastIdOf(request);
      const bytes = Buffer.from(
        `retry: 20\n: hello\n\n${log
          .slice(after)
          .map((event) => wire(event))
          .join("")}`,
      );
      const cut = cuts.shift();
      openStream(response);
      if (cut === undefined) return void response.write(bytes);
      response.write(bytes.subarray(0, cut % bytes.byteLength), () => response.destroy());
    });
    const client = createClient({ baseUrl: server.url, platform: fastPlatform() });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5_000), { maxLength: 8 }), async (dropAt) => {
        cuts = [...dropAt];
        expect(await take(client.events({ sessionId: SESSION_ID }), total)).toEqual(
          log.map((event) => event.seq),
        );
      }),
      { numRuns: 40 },
    );
  }, 30_000);

  test("events the server sends again are dropped", async () => {
    server = await startHttpServer((_, response) => {
      openStream(response).write([1, 2, 2, 1, 3].map((seq) => wire(stepEvent(seq, 1))).join(""));
    });
    const client = createClient({ baseUrl: server.url, platform: fastPlatform() });
    expect(await take(client.events({ sessionId: SESSION_ID }), 3)).toEqual([1, 2, 3]);
  });

  test("the stream of everything learns its position before the first event, so that a drop in silence loses nothing", async () => {
    const asked: unknown[] = [];
    server = await startHttpServer((request, response) => {
      asked.push(request.headers["last-event-id"]);
      openStream(response);
      if (asked.length === 1) response.write("id: 41\n\n", () => response.destroy());
      else response.write(wire(stepEvent(1, 1), 42));
    });
    const client = createClient({ baseUrl: server.url, platform: fastPlatform() });
    expect(await take(client.events(), 1)).toEqual([1]);
    expect(asked).toEqual([undefined, "41"]);
  });

  test("a connection without a sign of life is replaced; heartbeats keep it", async () => {
    const silenceMs = 45_000;
    const fast = fastPlatform();
    let stream: ServerResponse | undefined;
    server = await startHttpServer((_, response) => {
      stream = openStream(response);
      stream.write(": hello\n\n");
    });
    // Each time the client begins to listen for a sign of life, the test decides what comes.
    const script = [
      () => {},
      "silence",
      ...Array.from({ length: 4 }, () => () => void stream!.write(": heartbeat\n\n")),
      () => void stream!.write(wire(stepEvent(1, 1))),
    ];
    const platform: Platform = {
      ...fast,
      after(ms, callback) {
        if (ms !== silenceMs) return fast.after(ms, callback);
        const next = script.shift() ?? (() => {});
        if (next === "silence") setImmediate(callback);
        else if (typeof next === "function") setImmediate(next);
        return () => {};
      },
    };
    const client = createClient({ baseUrl: server.url, silenceMs, platform });
    const seen: Connection["status"][] = [];
    const onConnection = ({ status }: Connection) => seen.push(status);
    expect(await take(client.events({ sessionId: SESSION_ID, onConnection }), 1)).toEqual([1]);
    expect(seen).toEqual(["connecting", "open", "lost", "connecting", "open"]);
    expect(script).toEqual([]);
  });

  test("waits grow up to the bound while the server is away, from the base the server asked for, and start anew after a success", async () => {
    let connections = 0;
    server = await startHttpServer((request, response) => {
      connections++;
      if (connections === 1)
        return void openStream(response).write("retry: 4000\n\n", () => response.destroy());
      if (connections < 6) return void request.socket.destroy();
      openStream(response).write(
        wire(stepEvent(connections, 1)),
        () => connections < 7 && response.destroy(),
      );
    });
    const delays: number[] = [];
    const client = createClient({ baseUrl: server.url, platform: fastPlatform(() => 0.999) });
    const onConnection = (connection: Connection) =>
      connection.status === "lost" && delays.push(Math.round(connection.delayMs / 100) / 10);
    await take(client.events({ sessionId: SESSION_ID, onConnection }), 2);
    expect(delays).toEqual([4, 8, 15, 15, 15, 4]);
  });

  test("an error that will not pass ends the stream with the server's code", async () => {
    server = await startHttpServer((_, response) =>
      sendProblem(response, { status: 404, code: "session_not_found", detail: "No such session." }),
    );
    const client = createClient({ baseUrl: server.url, platform: fastPlatform() });
    const error: unknown = await take(client.events({ sessionId: SESSION_ID }), 1).catch(
      (reason: unknown) => reason,
    );
    expect(isFabricError(error) && error.code).toBe("session_not_found");
    expect(server.requests).toHaveLength(1);
  });

  test("gives up after the time it was given", async () => {
    server = await startHttpServer((request) => request.socket.destroy());
    const client = createClient({ baseUrl: server.url, platform: fastPlatform() });
    await expect(take(client.events({ giveUpAfterMs: 20_000 }), 1)).rejects.toThrow(
      "No answer from",
    );
    expect(server.requests.length).toBeGreaterThan(2);
  });

  test("an abort ends it quietly, while it reads and while it waits, and frees the connection", async () => {
    const closed = Promise.withResolvers<void>();
    server = await startHttpServer((request, response) => {
      openStream(response).write(wire(stepEvent(1, 1)));
      request.on("close", () => closed.resolve());
    });
    const client = createClient({ baseUrl: server.url, platform: fastPlatform() });
    const controller = new AbortController();
    const seqs: number[] = [];
    for await (const event of client.events({ sessionId: SESSION_ID, signal: controller.signal })) {
      seqs.push(event.seq);
      setImmediate(() => controller.abort());
    }
    await closed.promise;
    await server.close();
    const waiting = new AbortController();
    const onConnection = ({ status }: Connection) => status === "lost" && waiting.abort();
    for await (const event of client.events({ signal: waiting.signal, onConnection }))
      seqs.push(event.seq);
    expect(seqs).toEqual([1]);
  });
});
