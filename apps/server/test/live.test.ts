import { once } from "node:events";
import { decodeLiveFrame, type LiveFrame, type Take } from "@arc-fabric/contract";
import { afterAll, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createTestServer, type TestServer } from "./support/test-server.ts";

const TOKEN = "a-long-random-token";
const authorization = `Bearer ${TOKEN}`;
let server: TestServer;
let url: string;
beforeAll(async () => {
  server = await createTestServer({ token: TOKEN });
  url = (await server.listen()).replace("http", "ws");
});
afterAll(() => server.close());

interface Viewer {
  readonly frames: LiveFrame[];
  readonly closed: Promise<number>;
  /** Resolves when this many frames have come. */
  readonly received: (count: number) => Promise<void>;
}

function watch(takeId: string, headers: Record<string, string> = { authorization }): Viewer {
  const socket = new WebSocket(`${url}/api/v1/takes/${takeId}/live`, { headers });
  const frames: LiveFrame[] = [];
  socket.on("message", (data: Buffer) => frames.push(decodeLiveFrame(data)!));
  socket.on("error", () => {});
  return {
    frames,
    closed: once(socket, "close").then(([code]) => code as number),
    received: async (count) => {
      while (frames.length < count) await once(socket, "message");
    },
  };
}

async function create(): Promise<Take> {
  const answer = await server.app.inject({
    method: "POST",
    url: "/api/v1/takes",
    headers: { authorization },
    payload: { prompt: "a red ball" },
  });
  return answer.json<Take>();
}

it("a viewer that is there from the start sees previews, then every finished frame, then the end", async () => {
  let go = () => {};
  server.controls.beforeStep = () => new Promise((resolve) => (go = resolve));
  const take = await create();
  const viewer = watch(take.id);
  await server.waitFor(take.id, ({ status }) => status === "running");
  for (let step = 1; step <= 4; step++) {
    go();
    if (step < 4) await viewer.received(2 * step);
  }
  expect(await viewer.closed).toBe(1000);
  const previews = viewer.frames.filter(({ kind }) => kind === "preview");
  expect(previews[0]).toMatchObject({
    step: 1,
    frameIndex: 0,
    frameCount: 2,
    fps: 8,
    codec: "jpeg",
  });
  expect(previews[0]!.data[0]).toBe(0xff);
  const finished = viewer.frames.filter(({ kind }) => kind === "frame");
  expect(finished.map(({ frameIndex }) => frameIndex)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

it("a viewer that comes late gets the newest preview at once; one that comes after the end is sent away", async () => {
  const holdAtThree = (step: number) =>
    step === 3 ? new Promise<void>(() => {}) : Promise.resolve();
  server.controls.beforeStep = holdAtThree;
  const take = await create();
  await server.waitFor(take.id, ({ progress }) => progress.step === 2);
  const viewer = watch(take.id);
  await viewer.received(2);
  expect(viewer.frames.map(({ step }) => step)).toEqual([2, 2]);
  await server.app.inject({
    method: "POST",
    url: `/api/v1/takes/${take.id}/cancel`,
    headers: { authorization },
  });
  expect(await viewer.closed).toBe(1000);
  expect(await watch(take.id).closed).toBe(1000);
});

it.each([
  ["take_00000000000000000000000000", { authorization }, 404],
  ["nope", { authorization }, 400],
  ["take_00000000000000000000000000", {}, 401],
  ["take_00000000000000000000000000", { authorization, origin: "https://evil.example" }, 421],
])("%s with %j is refused with %i", async (id, headers, status) => {
  const socket = new WebSocket(`${url}/api/v1/takes/${id}/live`, {
    headers: headers as Record<string, string>,
  });
  const [, response] = (await once(socket, "unexpected-response")) as [
    unknown,
    { statusCode: number },
  ];
  expect(response.statusCode).toBe(status);
  socket.on("error", () => {}).terminate();
});

it("accepts the cookie that signing in sets", async () => {
  server.controls.beforeStep = async () => {};
  const take = await create();
  expect(await watch(take.id, { cookie: `arc_token=${TOKEN}` }).closed).toBe(1000);
});
