import { get, type IncomingMessage } from "node:http";
import { eventSchema, type FabricEvent } from "@arc-fabric/contract";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestServer, type TestServer } from "./support/test-server.ts";

let server: TestServer;
let url: string;
beforeAll(async () => {
  server = await createTestServer({ max_streams: "3" });
  url = await server.listen();
});
afterAll(() => server.close());

interface Received {
  readonly id: number;
  readonly event: FabricEvent;
}

/** Reads a stream until `enough`, or `bytes` bytes have come; then drops the connection. */
async function read(
  path: string,
  options: {
    lastEventId?: number;
    bytes?: number;
    enough?: (received: readonly Received[]) => boolean;
  },
): Promise<Received[]> {
  const headers =
    options.lastEventId === undefined ? {} : { "last-event-id": String(options.lastEventId) };
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    get(`${url}${path}`, { headers }, resolve).on("error", reject),
  );
  expect([response.statusCode, response.headers["content-type"]]).toEqual([
    200,
    "text/event-stream; charset=utf-8",
  ]);
  let text = "";
  const received: Received[] = [];
  for await (const chunk of response) {
    text += String(chunk);
    if (options.bytes !== undefined && text.length > options.bytes)
      text = text.slice(0, options.bytes);
    received.length = 0;
    for (const block of text.split("\n\n").slice(0, -1)) {
      const match = /^id: (\d+)\ndata: (.*)$/.exec(block);
      if (match)
        received.push({ id: Number(match[1]), event: eventSchema.parse(JSON.parse(match[2]!)) });
    }
    if (options.enough?.(received) || (options.bytes !== undefined && text.length >= options.bytes))
      break;
  }
  response.destroy();
  return received;
}

const completed = (received: readonly Received[]) =>
  received.at(-1)?.event.type === "take.completed";

it("a session's stream replays everything, then goes on live, without gap or repeat", async () => {
  const take = await server.generate();
  const path = `/api/v1/sessions/${take.session_id}/events`;
  const replay = await read(path, { enough: completed });
  expect(replay.map(({ id }) => id)).toEqual(replay.map((_, i) => i + 1));
  expect(replay.map(({ event }) => event.type)).toEqual(
    expect.arrayContaining([
      "session.created",
      "take.queued",
      "take.started",
      "step.completed",
      "take.completed",
    ]),
  );

  const live = read(path, {
    lastEventId: replay.length,
    enough: (received) => received.length === 1,
  });
  await server.app.inject({
    method: "PATCH",
    url: `/api/v1/sessions/${take.session_id}`,
    payload: { title: "renamed" },
  });
  expect((await live).map(({ id, event }) => [id, event.type])).toEqual([
    [replay.length + 1, "session.renamed"],
  ]);
});

it("a client whose connection breaks at any byte gets every event exactly once", async () => {
  const take = await server.generate({ num_inference_steps: 8 });
  const path = `/api/v1/sessions/${take.session_id}/events`;
  const whole = (await read(path, { enough: completed })).map(({ event }) => event);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 20, max: 1500 }), { minLength: 1, maxLength: 5 }),
      async (cuts) => {
        const seen: Received[] = [];
        for (const bytes of cuts)
          seen.push(
            ...(await read(path, { bytes, lastEventId: seen.at(-1)?.id ?? 0, enough: completed })),
          );
        if (!completed(seen))
          seen.push(
            ...(await read(path, { lastEventId: seen.at(-1)?.id ?? 0, enough: completed })),
          );
        expect(seen.map(({ event }) => event)).toEqual(whole);
      },
    ),
    { numRuns: 15 },
  );
});

it("the stream of everything starts with now and can be resumed by position", async () => {
  const listening = read("/api/v1/events", { enough: completed });
  const before = await server.store.lastPosition();
  await server.generate();
  const seen = await listening;
  expect(seen.every(({ id, event }) => id === event.position && id > before)).toBe(true);
  const again = await read(`/api/v1/events?after=${seen[1]!.id}`, { enough: completed });
  expect(again).toEqual(seen.slice(2));
});

it("a session's open stream ends when the session is deleted, and coming back says why", async () => {
  const take = await server.generate();
  const session = `/api/v1/sessions/${take.session_id}`;
  const response = await new Promise<IncomingMessage>((resolve) =>
    get(`${url}${session}/events`, resolve),
  );
  const ended = new Promise((resolve) => response.on("end", resolve).resume());
  expect((await server.app.inject({ method: "DELETE", url: session })).statusCode).toBe(200);
  await ended;
  const again = await server.app.inject(`${session}/events`);
  expect([again.statusCode, again.json<{ code: string }>().code]).toEqual([
    404,
    "session_not_found",
  ]);
});

it("streams are bounded, and a place is free again when one ends", async () => {
  const responses = await Promise.all(
    [1, 2, 3].map(
      () => new Promise<IncomingMessage>((resolve) => get(`${url}/api/v1/events`, resolve)),
    ),
  );
  const refused = await server.app.inject("/api/v1/events");
  expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([
    429,
    "too_many_streams",
  ]);
  for (const response of responses) response.destroy();
  const freed = await read("/api/v1/events?after=0", {
    enough: (received) => received.length > 0,
  }).catch(() => null);
  expect(freed?.length ?? 1).toBeGreaterThan(0);
});

it("ends its streams when the server stops", async () => {
  const other = await createTestServer();
  const address = await other.listen();
  const response = await new Promise<IncomingMessage>((resolve) =>
    get(`${address}/api/v1/events`, resolve),
  );
  const ended = new Promise((resolve) => response.on("end", resolve).resume());
  await other.close();
  await ended;
});
