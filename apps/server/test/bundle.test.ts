import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import type { Session, State, Storage, Stream, StreamId, Take } from "@arc-fabric/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call } from "./support/call.ts";
import { createTestServer, type TestServer } from "./support/test-server.ts";

const TAR = { "content-type": "application/x-tar" };

let source: TestServer;
let target: TestServer;
let session: string;
let takes: Take[];
let bundle: Buffer;
beforeAll(async () => {
  source = await createTestServer();
  target = await createTestServer();
  const first = await source.generate();
  session = first.session_id;
  const created = await source.app.inject({
    method: "POST",
    url: `/api/v1/takes/${first.id}/derive`,
    payload: { kind: "fork", at_step: 2, prompt: "a blue ball", title: "Blue" },
  });
  await source.waitFor(created.json<Take>().id, ({ status }) => status === "completed");
  takes = await takesOf(source, session);
  bundle = (await exportFrom(source, session)).rawPayload;
});
afterAll(() => Promise.all([source.close(), target.close()]));

const exportFrom = (server: TestServer, id: string) =>
  call(server.app, "exportSession", { params: { session_id: id } });
const importInto = (server: TestServer, body: Buffer, headers: Record<string, string> = TAR) =>
  call(server.app, "importSession", { body, headers });
async function takesOf(server: TestServer, id: string): Promise<Take[]> {
  const answer = await server.app.inject(`/api/v1/takes?order=asc&session_id=${id}`);
  return answer.json<{ items: Take[] }>().items;
}
async function digestsOf(server: TestServer, id: string): Promise<string[]> {
  const digests: string[] = [];
  for (const take of await takesOf(server, id)) {
    const states = await server.app.inject(`/api/v1/takes/${take.id}/states`);
    digests.push(...states.json<{ items: State[] }>().items.map(({ digest }) => digest));
    digests.push(...take.artifacts.map(({ digest }) => digest).toSorted());
  }
  return digests;
}
/** Looks at the stream after every event. */
async function pausedStream(
  { engine, store }: TestServer,
  id: StreamId,
  blocks: number,
): Promise<Stream> {
  for (;;) {
    const changed = new Promise<void>((resolve) => {
      const stop = store.subscribe(() => (stop(), resolve()));
    });
    const stream = await engine.streams.get(id);
    if (stream.status === "paused" && stream.blocks === blocks) return stream;
    await changed;
  }
}
const sessionCount = async (server: TestServer) =>
  (await server.app.inject("/api/v1/sessions?limit=100")).json<{ items: Session[] }>().items.length;
const workFolder = (server: TestServer) => readdirSync(path.join(server.dataDir, "work"));

describe("a session bundle over HTTP", () => {
  it("is a download with the session's name", async () => {
    const answer = await exportFrom(source, session);
    expect(answer.headers).toMatchObject({
      "content-type": "application/x-tar",
      "content-disposition": `attachment; filename="${session}.tar"`,
    });
    const head = await source.app.inject({
      method: "HEAD",
      url: `/api/v1/sessions/${session}/bundle`,
    });
    expect([head.statusCode, head.body]).toEqual([200, ""]);
  });

  it("is imported elsewhere under the same ids with the same digests, and goes on working there", async () => {
    const answer = await importInto(target, bundle);
    expect(answer.statusCode).toBe(201);
    expect(answer.json<Session>()).toMatchObject({ id: session, take_count: 2 });
    expect(await takesOf(target, session)).toEqual(takes);
    expect(await digestsOf(target, session)).toEqual(await digestsOf(source, session));
    const [parent, fork] = takes;
    const video = fork!.artifacts.find(({ kind }) => kind === "video")!;
    for (const server of [source, target]) {
      const content = await server.app.inject(`/api/v1/artifacts/${video.id}/content`);
      expect(content.rawPayload.byteLength).toBe(video.bytes);
    }
    const forked = await target.app.inject({
      method: "POST",
      url: `/api/v1/takes/${parent!.id}/derive`,
      payload: { kind: "fork", at_step: 3, guidance_scale: 2 },
    });
    const done = await target.waitFor(
      forked.json<Take>().id,
      ({ status }) => status === "completed",
    );
    expect(done.steps_reused).toBe(3);
  });

  it("brings its streams, which go on there", async () => {
    const { stream } = await source.engine.streams.create(
      { prompt: "a ball", seed: 9, max_blocks: 2 },
      null,
    );
    const made = await pausedStream(source, stream.id, 2);
    const brought = await importInto(
      target,
      (await exportFrom(source, stream.session_id)).rawPayload,
    );
    expect(brought.statusCode).toBe(201);
    const streams = target.engine.streams;
    expect(await streams.get(stream.id)).toEqual(made);
    await streams.update(stream.id, { max_blocks: 3 });
    await streams.resume(stream.id);
    const { head_take_id: head } = await pausedStream(target, stream.id, 3);
    const third = await target.waitFor(head!, ({ status }) => status === "completed");
    expect(third.parameters.seed).toBe(9 + 2);
  });

  it("gets new ids where its own are taken, and is a whole session of its own", async () => {
    const answer = await importInto(source, bundle);
    const copy = answer.json<Session>();
    expect(copy.id).not.toBe(session);
    const copied = await takesOf(source, copy.id);
    expect(copied.map(({ parent_id: parent }) => parent)).toEqual([null, copied[0]!.id]);
    expect(await digestsOf(source, copy.id)).toEqual(await digestsOf(source, session));
    const before = (await source.app.inject("/api/v1/storage")).json<Storage>();
    await source.app.inject({ method: "DELETE", url: `/api/v1/sessions/${copy.id}` });
    expect(await takesOf(source, session)).toEqual(takes);
    const after = (await source.app.inject("/api/v1/storage")).json<Storage>();
    expect(after.sessions.length).toBe(before.sessions.length - 1);
  });

  it("is not made of a session that is not there or still works", async () => {
    const missing = await exportFrom(source, "ses_00000000000000000000000000");
    expect(missing.json()).toMatchObject({ code: "session_not_found" });
    source.controls.beforeStep = () => new Promise<void>(() => {});
    const created = await source.app.inject({
      method: "POST",
      url: "/api/v1/takes",
      payload: { prompt: "x", seed: 12_345 },
    });
    const { id, session_id: busy } = created.json<Take>();
    expect((await exportFrom(source, busy)).json()).toMatchObject({ code: "session_active" });
    await source.app.inject({ method: "POST", url: `/api/v1/takes/${id}/cancel` });
    source.controls.beforeStep = async () => {};
  });
});

describe("an import that is refused changes nothing", () => {
  let before: number;
  let address: string;
  beforeAll(async () => {
    before = await sessionCount(target);
    address = await target.listen();
  });
  const expectNothing = async () => {
    expect(await sessionCount(target)).toBe(before);
    expect(workFolder(target)).toEqual([]);
  };

  it.each([
    ["a torn bundle", () => bundle.subarray(0, bundle.length - 3000), 400, "bundle_invalid"],
    ["an empty body", () => Buffer.alloc(0), 400, "bundle_invalid"],
    ["anything else", () => Buffer.from("text ".repeat(1000)), 400, "bundle_invalid"],
    ["a newer bundle", () => newer(bundle), 400, "bundle_newer"],
  ])("%s", async (_name, make, status, code) => {
    const answer = await importInto(target, make());
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code]);
    await expectNothing();
  });

  it.each(["application/json", "multipart/form-data; boundary=B", "application/zip"])(
    "a body of type %s",
    async (type) => {
      const answer = await importInto(target, Buffer.from("{}"), { "content-type": type });
      expect(answer.statusCode).toBeGreaterThanOrEqual(400);
      expect(["unsupported_media_type", "invalid_multipart"]).toContain(
        answer.json<{ code: string }>().code,
      );
    },
  );

  it("an archive where none is taken", async () => {
    for (const url of ["/api/v1/takes", `/api/v1/takes/${takes[0]!.id}/cancel`]) {
      const answer = await target.app.inject({
        method: "POST",
        url,
        headers: TAR,
        payload: bundle,
      });
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
        415,
        "unsupported_media_type",
      ]);
    }
  });

  it("one that is larger than allowed", async () => {
    const small = await createTestServer({ max_bundle_bytes: "4096" });
    try {
      const answer = await importInto(small, bundle);
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
        413,
        "payload_too_large",
      ]);
      expect(workFolder(small)).toEqual([]);
    } finally {
      await small.close();
    }
  });

  it("an upload whose client goes away", async () => {
    const { port } = new URL(address);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(
      `POST /api/v1/sessions/import HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/x-tar\r\nContent-Length: ${bundle.length}\r\n\r\n`,
    );
    socket.write(bundle.subarray(0, 20_000));
    const begun = () => workFolder(target).length > 0;
    while (!begun()) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    await once(socket, "close");
    while (begun()) await new Promise((resolve) => setImmediate(resolve));
    await expectNothing();
  });

  it("over a real connection the refusal arrives although the upload is not at its end", async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1 << 16).fill(65)),
    });
    const answer = await fetch(`${address}/api/v1/sessions/import`, {
      method: "POST",
      headers: TAR,
      body: endless,
      duplex: "half",
    } as RequestInit);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
      400,
      "bundle_invalid",
    ]);
    await expectNothing();
  });
});

/** The same bundle with its version raised: `"version": 1` and `"version": 2` have one length. */
function newer(bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  const at = changed.indexOf('"version": 1');
  changed.write('"version": 2', at);
  return changed;
}
