import { createClient, type FabricClient } from "@arc-fabric/client";
import { SESSION_ID, TAKE_ID } from "@arc-fabric/contract/testing";
import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { fastPlatform } from "./support/fast-platform.ts";
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
  handle: (request: IncomingMessage, response: ServerResponse, count: number) => unknown,
): Promise<FabricClient> {
  let count = 0;
  server = await startHttpServer((request, response) => handle(request, response, ++count));
  return createClient({ baseUrl: server.url, token: "secret", platform: fastPlatform() });
}

async function* pieces(count: number): AsyncGenerator<Uint8Array, void> {
  for (let i = 0; i < count; i++) yield new Uint8Array(10_000).fill(97 + i);
}

describe("uploading a picture", () => {
  test("sends it as a form with its name, and again after a lost connection", async () => {
    const seen: unknown[] = [];
    const client = await serve(async (request, response, count) => {
      if (count === 1) return void request.socket.destroy();
      const form = await new Response(await readBody(request), {
        headers: { "content-type": request.headers["content-type"]! },
      }).formData();
      const file = form.get("file") as File;
      seen.push(await file.text(), file.name, form.get("name"), request.headers.authorization);
      sendJson(response, { digest: "a".repeat(64) }, 201);
    });
    const file = await client.files.upload(new TextEncoder().encode("picture"), { name: "a.png" });
    expect(file.digest).toBe("a".repeat(64));
    expect(seen).toEqual(["picture", "a.png", "a.png", "Bearer secret"]);
  });
});

describe("importing a bundle", () => {
  test("sends the pieces as they come and tells how far it is", async () => {
    let received = "";
    let type: unknown;
    const client = await serve(async (request, response) => {
      type = request.headers["content-type"];
      received = await readBody(request);
      sendJson(response, { id: SESSION_ID }, 201);
    });
    const progress: number[] = [];
    const session = await client.sessions.import(pieces(3), {
      onProgress: (bytes) => progress.push(bytes),
    });
    expect([session.id, type, received.length]).toEqual([SESSION_ID, "application/x-tar", 30_000]);
    expect([received[0], received.at(-1)]).toEqual(["a", "c"]);
    expect(progress).toEqual([10_000, 20_000, 30_000]);
  });

  test("a blob is sent as well", async () => {
    const client = await serve(async (request, response) =>
      sendJson(response, { id: await readBody(request) }),
    );
    expect((await client.sessions.import(new Blob(["bundle"]))).id).toBe("bundle");
  });

  test("a refusal is the server's own, and it is not sent again", async () => {
    const client = await serve(async (request, response) => {
      await readBody(request);
      sendProblem(response, { status: 400, code: "bundle_newer", detail: "Version 9." });
    });
    await expect(client.sessions.import(pieces(2))).rejects.toMatchObject({
      code: "bundle_newer",
      message: "Version 9.",
    });
    expect(server!.requests).toEqual(["POST /api/v1/sessions/import"]);
  });

  test("a source that cannot be read is told as that, not as a lost server", async () => {
    const client = await serve((request) => void request.resume());
    async function* broken(): AsyncGenerator<Uint8Array, void> {
      yield new Uint8Array(10);
      throw new Error("the disk is gone");
    }
    await expect(client.sessions.import(broken())).rejects.toThrow("the disk is gone");
  });

  test("an upload that stands still is given up, and the source is closed", async () => {
    const client = await serve(() => {});
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array, void> {
      try {
        // Like a file, it takes a turn of the event loop for every piece.
        for (;;)
          yield await new Promise<Uint8Array>((resolve) =>
            setImmediate(resolve, new Uint8Array(1_000_000)),
          );
      } finally {
        closed = true;
      }
    }
    await expect(client.sessions.import(endless(), { timeoutMs: 10_000 })).rejects.toMatchObject({
      code: "server_unreachable",
      message: expect.stringContaining("stands still") as string,
    });
    expect(closed).toBe(true);
  });
});

describe("files that are made while they are sent", () => {
  const chunked = (text: string) => async (request: IncomingMessage, response: ServerResponse) => {
    await readBody(request);
    response.writeHead(200, { "content-type": "application/x-tar" });
    response.write(text, () => (text.endsWith("!") ? response.end() : response.destroy()));
  };

  test("an export arrives whole", async () => {
    const client = await serve(chunked("whole!"));
    const download = await client.sessions.export(SESSION_ID);
    expect(download.bytes).toBeNull();
    expect(new TextDecoder().decode(await download.toBytes())).toBe("whole!");
    expect(server!.requests).toEqual([`GET /api/v1/sessions/${SESSION_ID}/bundle`]);
  });

  test("one that breaks off is an error, not a short file", async () => {
    const client = await serve(chunked("half"));
    const download = await client.sessions.export(SESSION_ID);
    await expect(download.toBytes()).rejects.toMatchObject({ code: "server_unreachable" });
    expect(server!.requests).toHaveLength(1);
  });

  test("drafts and difference pictures are asked for at their addresses", async () => {
    const client = await serve(chunked("jpeg!"));
    await (await client.takes.draft(TAKE_ID, 3)).toBytes();
    await (await client.takes.differencePicture(TAKE_ID, "take_b")).toBytes();
    expect(server!.requests).toEqual([
      `GET /api/v1/takes/${TAKE_ID}/states/3/draft`,
      `GET /api/v1/takes/${TAKE_ID}/compare/take_b/picture`,
    ]);
    expect(client.takes.draftUrl(TAKE_ID, 3)).toBe(server!.url + server!.requests[0]!.slice(4));
  });
});
