import type { IncomingMessage, ServerResponse } from "node:http";
import { isFabricError, type FabricError } from "@arc-fabric/contract";
import { sampleTake, TAKE_ID } from "@arc-fabric/contract/testing";
import { createClient, requestIdOf, type FabricClient } from "@arc-fabric/client";
import { afterEach, describe, expect, test } from "vitest";
import { fastPlatform, type FastPlatform } from "./support/fast-platform.ts";
import {
  readBody,
  sendJson,
  sendProblem,
  startHttpServer,
  type TestServer,
} from "./support/http-server.ts";

let server: TestServer | undefined;
afterEach(() => server?.close());

async function serve(
  handle: (request: IncomingMessage, response: ServerResponse, count: number) => void,
): Promise<{ client: FabricClient; platform: FastPlatform }> {
  let count = 0;
  server = await startHttpServer((request, response) => handle(request, response, ++count));
  const platform = fastPlatform();
  return {
    client: createClient({ baseUrl: `${server.url}/`, token: "secret", platform }),
    platform,
  };
}

async function errorOf(promise: Promise<unknown>): Promise<FabricError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!isFabricError(error)) throw new Error(`expected a FabricError, got ${String(error)}`);
  return error;
}

describe("a call", () => {
  test("sends path, query, token and body as the endpoint table says", async () => {
    const seen: unknown[] = [];
    const { client } = await serve(async (request, response) => {
      seen.push([
        request.method,
        request.url,
        request.headers.authorization,
        await readBody(request),
      ]);
      sendJson(response, request.method === "GET" ? { items: [], has_more: false } : sampleTake());
    });
    await client.takes.list({ limit: 5, status: "running" });
    await client.takes.create({ prompt: "a red ball", seed: 7 }, { sessionId: "ses_1/2" });
    expect(seen).toEqual([
      ["GET", "/api/v1/takes?limit=5&status=running", "Bearer secret", ""],
      [
        "POST",
        "/api/v1/sessions/ses_1%2F2/takes",
        "Bearer secret",
        '{"prompt":"a red ball","seed":7}',
      ],
    ]);
  });

  test("derives, plans, labels and keeps house at the addresses of the endpoint table", async () => {
    const seen: unknown[] = [];
    const { client } = await serve(async (request, response) => {
      const text = await readBody(request);
      seen.push([`${request.method} ${request.url}`, text && (JSON.parse(text) as unknown)]);
      sendJson(response, {});
    });
    await client.takes.derive(TAKE_ID, { kind: "fork", at_step: 2, prompt: "a cube" });
    await client.takes.planDerived(TAKE_ID, { kind: "concatenate", takes: ["take_b"] });
    await client.takes.pause(TAKE_ID);
    await client.takes.resume(TAKE_ID);
    await client.takes.update(TAKE_ID, { tags: ["good"] });
    await client.takes.compare(TAKE_ID, "take_b");
    await client.takes.label(TAKE_ID, 3, null);
    await client.takes.list({ parentId: TAKE_ID });
    await client.sessions.update("ses_a", { head_take_id: TAKE_ID });
    await client.storage.get();
    await client.storage.thin({ keep_every: 5, dry_run: true });
    const take = `/api/v1/takes/${TAKE_ID}`;
    expect(seen).toEqual([
      [`POST ${take}/derive`, { kind: "fork", at_step: 2, prompt: "a cube" }],
      [`POST ${take}/derive/plan`, { kind: "concatenate", takes: ["take_b"] }],
      [`POST ${take}/pause`, ""],
      [`POST ${take}/resume`, ""],
      [`PATCH ${take}`, { tags: ["good"] }],
      [`GET ${take}/compare/take_b`, ""],
      [`PUT ${take}/states/3/label`, { label: null }],
      [`GET /api/v1/takes?parent_id=${TAKE_ID}`, ""],
      ["PATCH /api/v1/sessions/ses_a", { head_take_id: TAKE_ID }],
      ["GET /api/v1/storage", ""],
      ["POST /api/v1/storage/thin", { keep_every: 5, dry_run: true }],
    ]);
  });

  test("runs streams at the addresses of the endpoint table, creates under a key", async () => {
    const seen: unknown[] = [];
    const { client } = await serve(async (request, response) => {
      const text = await readBody(request);
      const key = request.headers["idempotency-key"] !== undefined;
      seen.push([`${request.method} ${request.url}`, text && (JSON.parse(text) as unknown), key]);
      sendJson(response, request.method === "GET" ? { items: [] } : {});
    });
    await client.streams.create({ prompt: "a red ball", max_blocks: 3 });
    expect(await client.streams.list({ sessionId: "ses_a" })).toEqual([]);
    await client.streams.update("str_a", { prompt: "a blue ball" });
    await client.streams.pause("str_a");
    await client.streams.resume("str_a");
    await client.streams.rewind("str_a", TAKE_ID);
    await client.streams.finalize("str_a");
    const stream = "/api/v1/streams/str_a";
    expect(seen).toEqual([
      ["POST /api/v1/streams", { prompt: "a red ball", max_blocks: 3 }, true],
      ["GET /api/v1/streams?session_id=ses_a", "", false],
      [`PATCH ${stream}`, { prompt: "a blue ball" }, false],
      [`POST ${stream}/pause`, "", false],
      [`POST ${stream}/resume`, "", false],
      [`POST ${stream}/rewind`, { take_id: TAKE_ID }, false],
      [`POST ${stream}/finalize`, "", true],
    ]);
  });

  test("turns problem+json into a FabricError with code, message and request id, and does not send again", async () => {
    const { client } = await serve((_, response) =>
      sendProblem(response, { status: 400, code: "unsupported_value", detail: "99 frames." }),
    );
    const error = await errorOf(client.takes.create({ prompt: "a" }));
    expect([error.code, error.message, requestIdOf(error), error.details["field"]]).toEqual([
      "unsupported_value",
      "99 frames.",
      "req-7",
      "prompt",
    ]);
    expect(server!.requests).toHaveLength(1);
  });

  test("a full queue is the caller's to decide and says when to come back", async () => {
    const { client } = await serve((_, response) =>
      sendProblem(
        response,
        { status: 429, code: "queue_full", detail: "64 takes wait." },
        { "retry-after": "9" },
      ),
    );
    expect((await errorOf(client.takes.create({ prompt: "a" }))).details["retry_after_s"]).toBe(9);
    expect(server!.requests).toHaveLength(1);
  });

  test("a code of a newer server becomes the nearest of ours and is kept", async () => {
    const { client } = await serve((_, response) =>
      sendProblem(response, { status: 418, code: "is_a_teapot", detail: "Short and stout" }),
    );
    const error = await errorOf(client.models.list());
    expect([error.code, error.details["server_code"]]).toEqual(["invalid_request", "is_a_teapot"]);
  });

  test("something else that answers at the address is recognised", async () => {
    const { client } = await serve((_, response) => response.end("<html>hello</html>"));
    expect((await errorOf(client.health())).message).toContain("is not an Arc Fabric server");
  });

  test("no server is server_unreachable with the address and the reason", async () => {
    const { client } = await serve(() => {});
    await server!.close();
    const error = await errorOf(client.models.list());
    expect(error.code).toBe("server_unreachable");
    expect(error.message).toBe(`No answer from ${client.baseUrl}: connection refused.`);
  });

  test("a server that never answers is given up after the timeout", async () => {
    const { client, platform } = await serve(() => {});
    const error = await errorOf(client.system({ timeoutMs: 2_000, retries: 0 }));
    expect(error.message).toContain("no answer within 2 s");
    expect(platform.delays).toEqual([2_000]);
  });

  test("an abort is the caller's own reason, not an error of the server", async () => {
    const { client } = await serve(() => {});
    const controller = new AbortController();
    const call = client.models.list({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
  });

  test("an address that is none is refused before anything is sent", () => {
    expect(() => createClient({ baseUrl: "127.0.0.1:8000" })).toThrow(
      "it looks like http://127.0.0.1:8000",
    );
  });
});

describe("repeating after a lost connection", () => {
  const dropFirst = (request: IncomingMessage, response: ServerResponse, count: number) =>
    count === 1 ? request.socket.destroy() : sendJson(response, sampleTake());

  test("a read is sent again", async () => {
    const { client } = await serve(dropFirst);
    expect((await client.takes.get(TAKE_ID)).id).toBe(TAKE_ID);
    expect(server!.requests).toHaveLength(2);
  });

  test("an answer cut in the middle counts as a lost connection", async () => {
    const { client } = await serve((_, response, count) => {
      if (count > 1) return sendJson(response, sampleTake());
      response.writeHead(200, { "content-length": "500" });
      response.write('{"id":', () => response.destroy());
    });
    expect((await client.takes.get(TAKE_ID)).id).toBe(TAKE_ID);
  });

  test("a create is sent again under the same Idempotency-Key, another create under another", async () => {
    const keys: unknown[] = [];
    const { client } = await serve((request, response, count) => {
      keys.push(request.headers["idempotency-key"]);
      dropFirst(request, response, count);
    });
    await client.takes.create({ prompt: "a" });
    await client.takes.create({ prompt: "a" });
    await client.takes.create({ prompt: "a" }, { idempotencyKey: "mine" });
    expect(keys).toEqual(["key-1", "key-1", "key-2", "mine"]);
  });

  test("what sets a value or only plans is sent again", async () => {
    const { client } = await serve((request, response, count) =>
      count % 2 === 1 ? request.socket.destroy() : sendJson(response, {}),
    );
    await client.takes.label(TAKE_ID, 1, "good");
    await client.takes.update(TAKE_ID, { priority: 1 });
    await client.takes.planDerived(TAKE_ID, { kind: "loop", num_frames: 8 });
    expect(server!.requests).toHaveLength(6);
  });

  test("what is not safe to send twice is not", async () => {
    const { client } = await serve(dropFirst);
    expect((await errorOf(client.takes.cancel(TAKE_ID))).code).toBe("server_unreachable");
    expect(server!.requests).toHaveLength(1);
  });

  test("a server that stays away is given up after the last attempt", async () => {
    const { client } = await serve((request) => request.socket.destroy());
    expect((await errorOf(client.takes.get(TAKE_ID))).code).toBe("server_unreachable");
    expect(server!.requests).toHaveLength(3);
  });
});
