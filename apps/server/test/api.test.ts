import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import {
  type ErrorCode,
  ENDPOINT_LIST,
  type Operation,
  type Session,
  type Take,
} from "@arc-fabric/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, type CallInput } from "./support/call.ts";
import { createTestServer, type TestServer } from "./support/test-server.ts";

const NO_TAKE = "take_00000000000000000000000000";
const NO_SESSION = "ses_00000000000000000000000000";
const NO_ARTIFACT = "art_00000000000000000000000000";

let server: TestServer;
let take: Take;
beforeAll(async () => {
  server = await createTestServer();
  take = await server.generate();
});
afterAll(() => server.close());

const json = async <Answer>(operation: Operation, input?: CallInput) =>
  (await call(server.app, operation, input)).json<Answer>();
const codeOf = async (operation: Operation, input?: CallInput) =>
  (await json<{ code: ErrorCode }>(operation, input)).code;

describe("the native API", () => {
  it("a prompt becomes a completed take with its trajectory, artifacts and log", async () => {
    expect(take).toMatchObject({
      status: "completed",
      progress: { phase: "done", step: 4, total_steps: 4 },
      queue_position: null,
    });
    expect(take.artifacts.map(({ kind }) => kind).toSorted()).toEqual([
      "spritesheet",
      "thumbnail",
      "video",
    ]);
    const params = { take_id: take.id };
    const { items } = await json<{ items: { step: number }[] }>("listStates", { params });
    expect(items.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    const logs = await json<{ items: { message: string }[] }>("listTakeLogs", { params });
    expect(logs.items.map(({ message }) => message)).toContain("Started on wrk_fake.");
    await call(server.app, "getStateContent", { params: { ...params, step: 2 } });
    await call(server.app, "getStatePreview", { params: { ...params, step: 2 } });
    const artifactId = { artifact_id: take.artifacts[0]!.id };
    expect(await json("getArtifact", { params: artifactId })).toEqual(take.artifacts[0]);
    expect(
      (await call(server.app, "getArtifactContent", { params: artifactId })).rawPayload.byteLength,
    ).toBe(take.artifacts[0]!.bytes);
  });

  it("the plan of a request is the plan the take gets, and nothing is queued for it", async () => {
    const before = await json<{ items: Take[] }>("listTakes");
    const planned = await json("planTake", { body: { prompt: "a red ball", seed: 7 } });
    expect(planned).toEqual({
      parameters: take.parameters,
      plan: take.plan,
      kept_share: null,
      steps_reused: 0,
      estimate: expect.objectContaining({ steps: 4, steps_reused: 0 }),
    });
    expect(await json("listTakes")).toEqual(before);
  });

  it("stages that name no model end with theirs", async () => {
    const stages = [{ model: "nobody", steps: 4 }];
    const body = { prompt: "a red ball", num_inference_steps: 4, stages };
    expect(await json("planTake", { body })).toMatchObject({ details: { value: "nobody" } });
    const named = { ...body, stages: [{ model: take.model, steps: 4 }] };
    expect(await json("planTake", { body: named })).toMatchObject({
      parameters: { model: take.model },
    });
  });

  it("sessions are made, listed, renamed, filled and deleted", async () => {
    const session = await json<Session>("createSession", { body: { title: "Balls" } });
    const params = { session_id: session.id };
    expect(await json("updateSession", { params, body: { title: "Cubes" } })).toMatchObject({
      title: "Cubes",
      last_seq: 2,
    });
    const created = await json<Take>("createSessionTake", { params, body: { prompt: "a cube" } });
    await server.waitFor(created.id, ({ status }) => status === "completed");
    expect(await json("getSession", { params })).toMatchObject({ take_count: 1 });
    const listed = await json<{ items: Take[] }>("listTakes", {
      query: { session_id: session.id, status: "completed" },
    });
    expect(listed.items.map(({ id }) => id)).toEqual([created.id]);
    expect((await json<{ items: Session[] }>("listSessions")).items.map(({ id }) => id)).toContain(
      session.id,
    );
    expect(await json("deleteSession", { params })).toEqual({ id: session.id, deleted: true });
    expect(await codeOf("getTake", { params: { take_id: created.id } })).toBe("take_not_found");
  });

  it("takes are paged by their ids without a gap", async () => {
    for (let i = 0; i < 4; i++) await server.generate({ num_inference_steps: 1 });
    const seen: string[] = [];
    for (let after: string | undefined; ; after = seen.at(-1)) {
      const page = await json<{ items: Take[]; has_more: boolean }>("listTakes", {
        query: { limit: 2, ...(after ? { after } : {}) },
      });
      seen.push(...page.items.map(({ id }) => id));
      if (!page.has_more) break;
    }
    const all = await json<{ items: Take[] }>("listTakes", { query: { limit: 100 } });
    expect(seen).toEqual(all.items.map(({ id }) => id));
    expect(seen.length).toBeGreaterThanOrEqual(5);
  });

  it("models, system, health, metrics and documents are there", async () => {
    const models = await json<{ items: { id: string; is_default: boolean }[] }>("listModels");
    expect(models.items).toEqual([
      expect.objectContaining({ id: "fake-s", is_default: true, status: "warm" }),
    ]);
    await call(server.app, "getModel", { params: { model_id: "fake-s" } });
    expect(await json("getSystem")).toMatchObject({
      queue: { limit: 200 },
      configuration: { token: null },
    });
    await call(server.app, "getHealth");
    const { body: metrics } = await call(server.app, "getMetrics");
    expect(metrics).toMatch(/arc_takes\{status="completed"\} [1-9]/);
    expect(metrics).toContain("arc_step_seconds_bucket");
    expect((await call(server.app, "getOpenApi")).json()).toMatchObject({ openapi: "3.1.0" });
    expect((await call(server.app, "getReference")).body).toContain("<h1>API reference</h1>");
  });

  it("warnings about words the model does not know come back with the take", async () => {
    const warned = await server.generate({ prompt: "an unknownword ball" });
    expect(warned.warnings).toEqual([
      expect.objectContaining({ code: "unknown_words", words: ["unknownword"] }),
    ]);
  });

  it("a negative prompt that guidance 1, or a step that is not guided any more, does not look at comes back as a warning", async () => {
    const negative_prompt = "blur";
    const unused = await server.generate({ negative_prompt, guidance_scale: 1 });
    expect(unused.warnings).toEqual([expect.objectContaining({ code: "negative_prompt_unused" })]);
    const parent = await server.generate({ negative_prompt });
    expect(parent.warnings).toEqual([]);
    const late = { kind: "fork", at_step: 3, negative_prompt: "blur, dots" };
    const { id } = await json<Take>("deriveTake", { params: { take_id: parent.id }, body: late });
    const fork = await server.waitFor(id, ({ status }) => status === "completed");
    expect(fork.warnings).toEqual([
      expect.objectContaining({ message: expect.stringContaining("Begin at an earlier step") }),
    ]);
  });
});

describe("bad input", () => {
  const cases: readonly [Operation, CallInput, ErrorCode][] = [
    ["getModel", { params: { model_id: "nope" } }, "model_not_found"],
    ["createSession", { body: {} }, "invalid_request"],
    ["createSession", { body: { title: "x", colour: "red" } }, "unknown_field"],
    ["listSessions", { query: { limit: 0 } }, "invalid_request"],
    ["listSessions", { query: { after: "nope" } }, "invalid_cursor"],
    ["getSession", { params: { session_id: "nope" } }, "invalid_request"],
    ["getSession", { params: { session_id: NO_SESSION } }, "session_not_found"],
    [
      "updateSession",
      { params: { session_id: NO_SESSION }, body: { title: "x" } },
      "session_not_found",
    ],
    ["deleteSession", { params: { session_id: NO_SESSION } }, "session_not_found"],
    ["streamSessionEvents", { params: { session_id: NO_SESSION } }, "session_not_found"],
    ["streamEvents", { query: { after: "x" } }, "invalid_request"],
    ["streamEvents", { headers: { "last-event-id": "x" } }, "invalid_request"],
    ["streamEvents", { query: { after: 1e9 } }, "invalid_cursor"],
    ["createTake", { body: { prompt: "x", model: "nope" } }, "model_not_found"],
    ["createTake", { body: { prompt: "x", num_frames: 6 } }, "unsupported_value"],
    ["createTake", { body: { prompt: "x", width: 4096 } }, "unsupported_value"],
    ["createTake", { body: { prompt: "x".repeat(100_000) } }, "unsupported_value"],
    ["createTake", { body: { prompt: "x", frames: 5 } }, "unknown_field"],
    [
      "createTake",
      { body: { prompt: "x" }, headers: { "idempotency-key": "a b" } },
      "invalid_request",
    ],
    [
      "createSessionTake",
      { params: { session_id: NO_SESSION }, body: { prompt: "x" } },
      "session_not_found",
    ],
    ["planTake", { body: { prompt: "x", fps: 0 } }, "invalid_request"],
    ["planTake", { body: { prompt: "x", fps: 1000 } }, "unsupported_value"],
    ["listTakes", { query: { status: "done" } }, "invalid_request"],
    ["listTakes", { query: { stat: "queued" } }, "unknown_field"],
    ["listTakes", { query: { after: NO_TAKE } }, "invalid_cursor"],
    ["getTake", { params: { take_id: NO_TAKE } }, "take_not_found"],
    ["getTake", { params: { take_id: NO_TAKE }, query: { full: 1 } }, "unknown_field"],
    ["cancelTake", { params: { take_id: NO_TAKE } }, "take_not_found"],
    ["cancelTake", { params: { take_id: NO_TAKE }, body: { force: true } }, "unknown_field"],
    ["deleteTake", { params: { take_id: NO_TAKE } }, "take_not_found"],
    ["listTakeLogs", { params: { take_id: NO_TAKE } }, "take_not_found"],
    ["listStates", { params: { take_id: NO_TAKE } }, "take_not_found"],
    ["getStateContent", { params: { take_id: NO_TAKE, step: 1 } }, "take_not_found"],
    ["getStateContent", { params: { take_id: NO_TAKE, step: 0 } }, "invalid_request"],
    ["getStatePreview", { params: { take_id: NO_TAKE, step: 1 } }, "take_not_found"],
    ["getArtifact", { params: { artifact_id: NO_ARTIFACT } }, "artifact_not_found"],
    ["getArtifactContent", { params: { artifact_id: "nope" } }, "invalid_request"],
  ];
  it.each(cases)("%s %j is refused with %s", async (operation, input, code) => {
    expect(await codeOf(operation, input)).toBe(code);
  });

  it("a step that is not stored, a finished take that is cancelled", async () => {
    expect(await codeOf("getStateContent", { params: { take_id: take.id, step: 9 } })).toBe(
      "state_not_found",
    );
    expect(await codeOf("cancelTake", { params: { take_id: take.id } })).toBe("take_not_active");
  });

  it.each([
    ["POST", "/api/v1/takes", "application/json", "{", 400, "invalid_json"],
    [
      "POST",
      "/api/v1/takes",
      "application/json",
      Buffer.from([0x22, 0xff, 0x22]),
      400,
      "invalid_json",
    ],
    ["POST", "/api/v1/takes", "text/plain", "prompt", 415, "unsupported_media_type"],
    [
      "POST",
      "/api/v1/takes",
      "multipart/form-data; boundary=B",
      '--B\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nx\r\n--B--\r\n',
      415,
      "unsupported_media_type",
    ],
    [
      "POST",
      "/api/v1/takes",
      "application/json",
      JSON.stringify({ prompt: "x".repeat(3 << 20) }),
      413,
      "payload_too_large",
    ],
    ["PUT", "/api/v1/takes", "application/json", "{}", 405, "method_not_allowed"],
    ["POST", "/api/v1/nothing", "application/json", "{}", 404, "not_found"],
  ] as const)(
    "%s %s as %s (%#) is answered with its code",
    async (method, url, type, payload, status, code) => {
      const answer = await server.app.inject({
        method,
        url,
        payload,
        headers: { "content-type": type },
      });
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code]);
      expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    },
  );

  it("says which methods an address takes and which address was meant", async () => {
    const wrongMethod = await server.app.inject({ method: "PUT", url: `/api/v1/takes/${NO_TAKE}` });
    expect(wrongMethod.headers["allow"]).toBe("GET, DELETE, PATCH");
    const typo = await server.app.inject("/api/v1/taks");
    expect(typo.json<{ detail: string }>().detail).toContain('Did you mean "/api/v1/takes"?');
    expect((await server.app.inject("/api/v1/models/%zz")).statusCode).toBe(400);
  });

  it("repeats the client's request id", async () => {
    const answer = await server.app.inject({
      url: "/api/v1/taks",
      headers: { "x-request-id": "mine-1" },
    });
    expect(answer.headers["x-request-id"]).toBe("mine-1");
    expect(answer.json<{ request_id: string }>().request_id).toBe("mine-1");
  });
});

it("every operation of the table was called here or in another file, or has a test of its own", () => {
  const elsewhere = ["watchTake", "streamEvents", "streamSessionEvents"];
  const sources = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => readFileSync(path.join(import.meta.dirname, name), "utf8"))
    .join("");
  const untested = ENDPOINT_LIST.map(([operation]) => operation).filter(
    (operation) =>
      !operation.startsWith("openai") &&
      !elsewhere.includes(operation) &&
      !sources.includes(`"${operation}"`),
  );
  expect(untested).toEqual([]);
});
