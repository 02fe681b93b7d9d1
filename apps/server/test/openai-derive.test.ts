import type { Take, TakeId } from "@arc-fabric/contract";
import OpenAI, { APIError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestServer, type TestServer } from "./support/test-server.ts";

let server: TestServer;
let client: OpenAI;
let source: Take;
beforeAll(async () => {
  server = await createTestServer();
  client = new OpenAI({ baseURL: `${await server.listen()}/v1`, apiKey: "unused", maxRetries: 0 });
  source = await server.generate({ num_inference_steps: 8 });
});
afterAll(() => server.close());

const completed = (id: string) => server.waitFor(id, ({ status }) => status === "completed");
const failure = async (promise: PromiseLike<unknown>): Promise<APIError> => {
  try {
    await promise;
  } catch (error) {
    expect(error).toBeInstanceOf(APIError);
    return error as APIError;
  }
  throw new Error("it was accepted");
};

describe("the official client, on a video that is there", () => {
  it("remixes it: a fork after a quarter of the steps", async () => {
    const video = await client.videos.remix(source.id, { prompt: "a blue ball" });
    expect(video).toMatchObject({
      object: "video",
      prompt: "a blue ball",
      remixed_from_video_id: source.id,
    });
    expect(await completed(video.id)).toMatchObject({
      parent_id: source.id,
      origin: { kind: "fork", at_step: 2 },
      steps_reused: 2,
      parameters: { prompt: "a blue ball", seed: 7 },
    });
  });

  it("edits it by id, also with the further fields as strings of the form", async () => {
    const body = { prompt: "a blue ball", video: { id: source.id }, strength: 0.5, seed: 11 };
    const video = await client.videos.edit(body);
    expect(video).toMatchObject({ prompt: "a blue ball", remixed_from_video_id: source.id });
    expect(await completed(video.id)).toMatchObject({
      parent_id: source.id,
      origin: { kind: "edit", strength: 0.5, seed: 11 },
    });
  });

  it("extends it; the answer tells the length of the whole", async () => {
    const body = { prompt: "a blue ball", video: { id: source.id }, seconds: "1" as never };
    const video = await client.videos.extend(body);
    expect(video).toMatchObject({ remixed_from_video_id: source.id, seconds: "2.125" });
    const take = await completed(video.id);
    expect(take).toMatchObject({ parent_id: source.id, origin: { kind: "extend", num_frames: 8 } });
    const content = await client.videos.downloadContent(video.id);
    expect((await content.arrayBuffer()).byteLength).toBe(17 * 32 * 32 * 3);
  });

  it("the same as JSON, and once per Idempotency-Key", async () => {
    const body = { prompt: "a red cube", video: { id: source.id } };
    const options = { body, headers: { "idempotency-key": "edit-1" } };
    const first = await client.post<{ id: string }>("/videos/edits", options);
    const again = await client.post<{ id: string }>("/videos/edits", options);
    expect(again.id).toBe(first.id);
    expect((await completed(first.id)).origin).toMatchObject({ kind: "edit", strength: 0.75 });
  });

  it("a video that others were made from is not deleted", async () => {
    expect(await failure(client.videos.delete(source.id))).toMatchObject({
      status: 409,
      code: "take_in_use",
    });
  });
});

describe("takes of the native API", () => {
  it("without steps of their own have a progress, too", async () => {
    const gate = Promise.withResolvers<void>();
    server.controls.beforeStep = () => gate.promise;
    const first = await client.videos.create({ prompt: "in the way" });
    const { take } = await server.engine.deriveTake(
      source.id,
      { kind: "concatenate", takes: [source.id] },
      { idempotency: null },
    );
    expect(await client.videos.retrieve(take.id)).toMatchObject({ status: "queued", progress: 0 });
    gate.resolve();
    server.controls.beforeStep = async () => {};
    await completed(take.id);
    await completed(first.id);
  });

  it("that others were made from are not cancelled by a delete that is refused", async () => {
    const gate = Promise.withResolvers<void>();
    server.controls.beforeStep = (step) => (step === 3 ? gate.promise : Promise.resolve());
    const { id } = await client.videos.create({ prompt: "a tree grows" });
    await server.waitFor(id, ({ progress }) => progress.step === 2);
    const fork = { kind: "fork", at_step: 1, prompt: "a bush grows" } as const;
    const { take } = await server.engine.deriveTake(id as TakeId, fork, { idempotency: null });
    expect(await failure(client.videos.delete(id))).toMatchObject({ code: "take_in_use" });
    gate.resolve();
    server.controls.beforeStep = async () => {};
    await completed(id);
    await completed(take.id);
  });
});

describe("what cannot be done is refused by name", () => {
  const file = () => new File([new Uint8Array(100_000)], "clip.mp4", { type: "video/mp4" });
  it("a video file", async () => {
    for (const refused of [
      client.videos.edit({ prompt: "x", video: file() }),
      client.videos.extend({ prompt: "x", video: file(), seconds: "4" }),
    ])
      expect(await failure(refused)).toMatchObject({
        status: 400,
        code: "unsupported_value",
        param: "video",
        message: expect.stringContaining("video[id]"),
      });
  });

  it.each<[object, number, string, string]>([
    [{ prompt: "x", video: { id: "video_1" } }, 404, "take_not_found", "video"],
    [{ prompt: "x", video: "take_1" }, 400, "invalid_request", "video"],
    [{ prompt: "x" }, 400, "invalid_request", "video"],
    [{ prompt: "", video: { id: "x" } }, 400, "invalid_request", "prompt"],
    [{ prompt: "x", video: { id: "x" }, strength: 2 }, 400, "invalid_request", "strength"],
    [{ prompt: "x", video: { id: "x" }, size: "32x32" }, 400, "unknown_field", "size"],
  ])("an edit with %j", async (body, status, code, param) => {
    expect(await failure(client.videos.edit(body as never))).toMatchObject({ status, code, param });
  });

  it.each<[object, number, string, string]>([
    [{ prompt: "x", video: { id: "x" } }, 400, "invalid_request", "seconds"],
    [{ prompt: "x", video: { id: "x" }, seconds: "-1" }, 400, "invalid_request", "seconds"],
    [{ prompt: "x", video: { id: "x" }, seconds: "4" }, 404, "take_not_found", "video"],
  ])("an extension with %j", async (body, status, code, param) => {
    const refused = client.videos.extend(body as never);
    expect(await failure(refused)).toMatchObject({ status, code, param });
  });

  it("an extension by more than a take can hold", async () => {
    const video = { id: source.id };
    expect(
      await failure(client.videos.extend({ prompt: "x", video, seconds: "9999" as "4" })),
    ).toMatchObject({
      status: 400,
      code: "unsupported_value",
      param: "seconds",
      message: expect.stringMatching(/seconds = 9999: .* Use fewer frames at a time\.$/),
    });
  });

  it("a video that is not completed", async () => {
    server.controls.beforeStep = () => new Promise<void>(() => {});
    const { id } = await client.videos.create({ prompt: "x" });
    for (const refused of [
      client.videos.remix(id, { prompt: "y" }),
      client.videos.edit({ prompt: "y", video: { id } }),
      client.videos.extend({ prompt: "y", video: { id }, seconds: "4" }),
    ])
      expect(await failure(refused)).toMatchObject({ status: 409, code: "take_not_completed" });
    await client.videos.delete(id);
    server.controls.beforeStep = async () => {};
    expect(await failure(client.videos.remix("none", { prompt: "y" }))).toMatchObject({
      status: 404,
      code: "take_not_found",
    });
  });
});
