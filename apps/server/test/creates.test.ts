import type { Session, Take } from "@arc-fabric/contract";
import { afterEach, expect, it } from "vitest";
import { call } from "./support/call.ts";
import { createTestServer, type TestServer } from "./support/test-server.ts";

let server: TestServer;
afterEach(() => server.close());

const never = () => new Promise<void>(() => {});
const count = async () =>
  (await call(server.app, "listTakes")).json<{ items: Take[] }>().items.length;

it("the same Idempotency-Key creates once, on every create, also when both calls come at once", async () => {
  server = await createTestServer();
  const headers = { "idempotency-key": "key-1" };
  const create = () => call(server.app, "createTake", { body: { prompt: "a red ball" }, headers });
  const [first, second] = await Promise.all([create(), create()]);
  expect(second.json<Take>().id).toBe(first.json<Take>().id);
  const replayed = [first, second].filter(
    ({ headers: sent }) => sent["idempotent-replayed"] === "true",
  );
  expect(replayed).toHaveLength(1);

  const other = await call(server.app, "createTake", { body: { prompt: "a blue ball" }, headers });
  expect([other.statusCode, other.json<{ code: string }>().code]).toEqual([
    422,
    "idempotency_key_reused",
  ]);

  const video = () =>
    call(server.app, "openaiCreateVideo", { body: { prompt: "a red ball" }, headers });
  expect((await video()).json<{ id: string }>().id).toBe((await video()).json<{ id: string }>().id);
  expect(await count()).toBe(2);

  const session = () => call(server.app, "createSession", { body: { title: "One" }, headers });
  expect((await session()).json<Session>().id).toBe((await session()).json<Session>().id);
});

it("a full queue refuses with 429 and says when to come back; what was accepted is kept", async () => {
  server = await createTestServer({ max_queued: "2" });
  server.controls.beforeStep = never;
  const running = await call(server.app, "createTake", { body: { prompt: "first" } });
  await server.waitFor(running.json<Take>().id, ({ status }) => status === "running");
  const waiting = await Promise.all(
    [1, 2].map(() => call(server.app, "createTake", { body: { prompt: "next" } })),
  );
  expect(waiting.map((answer) => answer.statusCode)).toEqual([201, 201]);

  const refused = await call(server.app, "createTake", { body: { prompt: "too many" } });
  expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([429, "queue_full"]);
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  const video = await call(server.app, "openaiCreateVideo", { body: { prompt: "too many" } });
  expect([video.statusCode, video.headers["x-should-retry"]]).toEqual([429, "true"]);
  expect(Number(video.headers["retry-after"])).toBeGreaterThan(0);
  expect(await count()).toBe(3);
});

it("a running take is cancelled at once and the next one runs", async () => {
  server = await createTestServer();
  server.controls.beforeStep = (step) => (step === 3 ? never() : Promise.resolve());
  const first = (await call(server.app, "createTake", { body: { prompt: "first" } })).json<Take>();
  const second = (
    await call(server.app, "createTake", { body: { prompt: "second", num_inference_steps: 2 } })
  ).json<Take>();
  await server.waitFor(first.id, ({ progress }) => progress.step === 2);
  const refused = await call(server.app, "deleteTake", { params: { take_id: first.id } });
  expect(refused.json<{ code: string }>().code).toBe("take_active");

  const cancelled = await call(server.app, "cancelTake", { params: { take_id: first.id } });
  expect(cancelled.json<Take>().status).toBe("cancelled");
  await server.waitFor(second.id, ({ status }) => status === "completed");
  expect(
    (await call(server.app, "getTake", { params: { take_id: first.id } })).json<Take>().status,
  ).toBe("cancelled");
  await call(server.app, "deleteTake", { params: { take_id: first.id } });
  const gone = await call(server.app, "getTake", { params: { take_id: first.id } });
  expect(gone.statusCode).toBe(404);
});

it("a take that a stopped server left in the middle continues from its last state", async () => {
  server = await createTestServer();
  server.controls.beforeStep = (step) => (step === 3 ? never() : Promise.resolve());
  const take = (
    await call(server.app, "createTake", { body: { prompt: "a red ball", seed: 3 } })
  ).json<Take>();
  await server.waitFor(take.id, ({ progress }) => progress.step === 2);
  const { directory } = server;
  await server.close({ keep: true });

  server = await createTestServer({}, directory);
  const steps: number[] = [];
  server.controls.beforeStep = async (step) => void steps.push(step);
  const completed = await server.waitFor(take.id, ({ status }) => status === "completed");
  expect(completed.progress.step).toBe(4);
  expect(completed.resumes).toBe(1);
  const again = await server.generate({ seed: 3, reuse: false });
  const digests = ({ artifacts }: Take) =>
    artifacts.map(({ kind, digest }) => `${kind} ${digest}`).toSorted();
  expect(digests(completed)).toEqual(digests(again));
});
