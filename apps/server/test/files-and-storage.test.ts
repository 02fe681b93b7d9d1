import type { Operation, State, Storage, Take, UploadedFile } from "@arc-fabric/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, type CallInput } from "./support/call.ts";
import { multipartBody } from "./support/multipart-body.ts";
import { createTestServer, type TestServer } from "./support/test-server.ts";

const NO_DIGEST = "0".repeat(64);

let server: TestServer;
beforeAll(async () => {
  server = await createTestServer();
});
afterAll(() => server.close());

const json = async <Answer>(operation: Operation, input?: CallInput) =>
  (await call(server.app, operation, input)).json<Answer>();
const of = (take: Take) => ({ params: { take_id: take.id } });
const upload = async (text: string, fields: Record<string, string> = {}, name = "frame.png") =>
  call(
    server.app,
    "uploadFile",
    await multipartBody({ ...fields, file: { bytes: Buffer.from(text), name } }),
  );

describe("uploaded pictures", () => {
  it("are kept under their digest and begin or end a clip", async () => {
    const answer = await upload("picture 40x30");
    expect(answer.statusCode).toBe(201);
    const file = answer.json<UploadedFile>();
    expect(file).toMatchObject({ name: "frame.png", width: 40, height: 30, bytes: 13 });
    const take = await server.generate({ first_frame: file.digest, last_frame: file.digest });
    expect(take).toMatchObject({
      status: "completed",
      parameters: { first_frame: file.digest, last_frame: file.digest },
    });
  });

  it("are called by the field `name`, else by the last part of their file's name", async () => {
    const nameOf = async (fields: Record<string, string>, name: string) =>
      (await upload("picture 8x8", fields, name)).json<UploadedFile>().name;
    expect(await nameOf({ name: "Mask" }, "x.png")).toBe("Mask");
    expect(await nameOf({}, "C:\\pictures\\ball.png")).toBe("ball.png");
  });

  it("that are none, too large or sent otherwise are refused", async () => {
    expect((await upload("text")).json()).toMatchObject({ code: "invalid_image" });
    const form = await multipartBody({ file: "not a file" });
    expect(await json("uploadFile", form)).toMatchObject({
      code: "invalid_request",
      details: { field: "file" },
    });
    expect(await json("uploadFile", { body: { file: "x" } })).toMatchObject({
      code: "unsupported_media_type",
    });
    expect(await json("uploadFile", { ...form, body: form.body.subarray(0, 60) })).toMatchObject({
      code: "invalid_multipart",
    });
    const small = await createTestServer({ max_file_bytes: "2048" });
    try {
      const large = await multipartBody({ file: { bytes: Buffer.alloc(4096), name: "x.png" } });
      const answer = await call(small.app, "uploadFile", large);
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
        413,
        "payload_too_large",
      ]);
      expect(answer.json<{ detail: string }>().detail).toContain("ARC_MAX_FILE_BYTES");
    } finally {
      await small.close();
    }
  });

  it("that nobody uploaded cannot begin a clip", async () => {
    expect(
      await json("createTake", { body: { prompt: "x", first_frame: NO_DIGEST } }),
    ).toMatchObject({ code: "file_not_found" });
  });
});

describe("storage", () => {
  it("tells what each session takes, and thinning frees what nothing needs", async () => {
    const take = await server.generate({ seed: 4711, num_inference_steps: 10 });
    const usage = async () => {
      const storage = await json<Storage>("getStorage");
      return storage.sessions.find(({ session_id: id }) => id === take.session_id)!;
    };
    const before = await usage();
    expect(before.states).toBe(10);
    const body = { session_id: take.session_id, keep_every: 5 };
    const dry = await json<{ states: number; bytes: number }>("thinStates", {
      body: { ...body, dry_run: true },
    });
    expect(await usage()).toEqual(before);
    expect(dry.states).toBe(8);
    expect(await json("thinStates", { body })).toEqual(dry);
    expect((await usage()).states).toBe(2);
    const states = await json<{ items: State[] }>("listStates", of(take));
    expect(states.items.map(({ step }) => step)).toEqual([5, 10]);
    expect(
      await json("deriveTake", { ...of(take), body: { kind: "fork", at_step: 3 } }),
    ).toMatchObject({
      code: "state_not_found",
      detail: expect.stringContaining("The nearest stored: 5."),
      details: { value: 3, nearest: [5] },
    });
  });

  it("says its budget", async () => {
    const limited = await createTestServer({ storage_budget: "1000000", keep_every: "2" });
    try {
      const answer = await call(limited.app, "getStorage");
      expect(answer.json<Storage>().budget_bytes).toBe(1_000_000);
    } finally {
      await limited.close();
    }
    expect((await json<Storage>("getStorage")).budget_bytes).toBeNull();
  });
});
