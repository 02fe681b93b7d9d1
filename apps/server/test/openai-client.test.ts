import { readFileSync } from "node:fs";
import OpenAI, { APIError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestServer, type TestServer } from "./support/test-server.ts";

let server: TestServer;
let client: OpenAI;
beforeAll(async () => {
  server = await createTestServer();
  client = new OpenAI({ baseURL: `${await server.listen()}/v1`, apiKey: "unused" });
});
afterAll(() => server.close());

const completed = (id: string) => server.waitFor(id, ({ status }) => status === "completed");
const never = () => new Promise<void>(() => {});

describe("the official client, with only baseURL set", () => {
  it("creates, follows and downloads a video with its thumbnail and sprite sheet", async () => {
    const created = await client.videos.create({
      prompt: "a red ball",
      model: "fake-s",
      seconds: "4",
      size: "32x32" as never,
    });
    expect(created).toMatchObject({
      object: "video",
      model: "fake-s",
      size: "32x32",
      seconds: "2.125",
      prompt: "a red ball",
      error: null,
    });
    await completed(created.id);
    const video = await client.videos.retrieve(created.id);
    expect(video).toMatchObject({ status: "completed", progress: 100 });
    expect(video.completed_at).toBeGreaterThanOrEqual(video.created_at);

    const content = await client.videos.downloadContent(created.id);
    expect(content.headers.get("content-type")).toBe("video/mp4");
    expect((await content.arrayBuffer()).byteLength).toBe(17 * 32 * 32 * 3);
    const thumbnail = await client.videos.downloadContent(created.id, { variant: "thumbnail" });
    expect([thumbnail.headers.get("content-type"), await thumbnail.text()]).toEqual([
      "image/jpeg",
      "thumbnail 32x32",
    ]);
    const sheet = await client.videos.downloadContent(created.id, { variant: "spritesheet" });
    expect(await sheet.text()).toBe("spritesheet of 17");
    const part = await client.videos.downloadContent(
      created.id,
      {},
      { headers: { range: "bytes=0-9" } },
    );
    expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 10]);
  });

  it("takes the extra fields as strings of a form, and they have their effect", async () => {
    const extra = {
      prompt: "x",
      seed: 5,
      num_frames: 5,
      fps: 10,
      num_inference_steps: 2,
      guidance_scale: 1.5,
      negative_prompt: "dull",
    };
    const priority = 2;
    const { id } = await client.videos.create({ ...extra, priority } as never);
    const take = await completed(id);
    expect(take).toMatchObject({ parameters: extra, priority });
    expect((await client.videos.retrieve(id)).seconds).toBe("0.5");
  });

  it("pages through every video", async () => {
    const ids: string[] = [];
    for await (const video of client.videos.list({ limit: 1, order: "asc" })) ids.push(video.id);
    const listed = await server.app.inject("/api/v1/takes?order=asc&limit=100");
    expect(ids).toEqual(listed.json<{ items: { id: string }[] }>().items.map(({ id }) => id));
    expect(ids.length).toBeGreaterThanOrEqual(2);
    const none = await client.videos.list({ limit: 0 });
    expect([none.data, none.has_more]).toEqual([[], false]);
  });

  it("deletes videos, also one that is still running", async () => {
    server.controls.beforeStep = never;
    const { id } = await client.videos.create({ prompt: "x" });
    await server.waitFor(id, ({ status }) => status === "running");
    const running = await client.videos.retrieve(id);
    expect([running.status, running.progress, running.completed_at]).toEqual([
      "in_progress",
      0,
      null,
    ]);
    expect(await client.videos.delete(id)).toEqual({ id, object: "video.deleted", deleted: true });
    server.controls.beforeStep = async () => {};
    await expect(client.videos.retrieve(id)).rejects.toMatchObject({
      status: 404,
      code: "take_not_found",
    });
  });

  it("shows a cancelled video as failed, with its own code", async () => {
    server.controls.beforeStep = never;
    const { id } = await client.videos.create({ prompt: "x" });
    await server.app.inject({ method: "POST", url: `/api/v1/takes/${id}/cancel` });
    server.controls.beforeStep = async () => {};
    expect(await client.videos.retrieve(id)).toMatchObject({
      status: "failed",
      error: { code: "cancelled" },
    });
  });

  it("begins a video with a picture", async () => {
    const file = new File(["picture 32x32"], "frame.png", { type: "image/png" });
    const { id } = await client.videos.create({ prompt: "x", input_reference: file });
    const { parameters } = await completed(id);
    expect(parameters.first_frame).toMatch(/^[0-9a-f]{64}$/);
    const input_reference = { file_id: parameters.first_frame! };
    const again = await client.videos.create({ prompt: "x", input_reference });
    expect((await completed(again.id)).parameters.first_frame).toBe(parameters.first_frame);
  });

  it("lists the models", async () => {
    const models = await client.models.list();
    expect(models.data.map(({ id }) => id)).toEqual(["fake-s"]);
  });
});

describe("the official client's errors", () => {
  const failure = async (promise: PromiseLike<unknown>): Promise<APIError> => {
    try {
      await promise;
    } catch (error) {
      expect(error).toBeInstanceOf(APIError);
      return error as APIError;
    }
    throw new Error("it was accepted");
  };

  it.each([
    [{ prompt: "x", model: "sora-2" }, 404, "model_not_found", "model"],
    [{ prompt: "x", size: "1280x720" }, 400, "unsupported_value", "width"],
    [{ prompt: "x", size: "large" }, 400, "invalid_request", "size"],
    [{ prompt: "" }, 400, "invalid_request", "prompt"],
    [{ prompt: "x", seconds: "soon" }, 400, "invalid_request", "seconds"],
    [{ prompt: "x", sceonds: "4" }, 400, "unknown_field", "sceonds"],
    [
      { prompt: "x", input_reference: { image_url: "http://x" } },
      400,
      "unsupported_value",
      "input_reference",
    ],
    [
      { prompt: "x", input_reference: { file_id: "0".repeat(64) } },
      404,
      "file_not_found",
      "first_frame",
    ],
    [{ prompt: "x", input_reference: { id: "1" } }, 400, "invalid_request", "input_reference"],
    [{ prompt: "x", priority: 11 }, 400, "invalid_request", "priority"],
  ])("%j is refused by name", async (body, status, code, param) => {
    expect(await failure(client.videos.create(body as never))).toMatchObject({
      status,
      code,
      param,
    });
  });

  it("a file as input_reference that is no picture is refused", async () => {
    const file = new File([readFileSync(import.meta.filename)], "frame.png");
    expect(
      await failure(client.videos.create({ prompt: "x", input_reference: file })),
    ).toMatchObject({ status: 400, code: "invalid_image" });
  });

  it("content that is not ready is a conflict that is not asked for again", async () => {
    server.controls.beforeStep = never;
    const { id } = await client.videos.create({ prompt: "x" });
    const error = await failure(client.videos.downloadContent(id));
    expect(error).toMatchObject({ status: 409, code: "artifact_not_ready" });
    expect(error.headers?.get("x-should-retry")).toBe("false");
    await client.videos.delete(id);
    server.controls.beforeStep = async () => {};
  });

  it("unknown ids, cursors and variants are refused", async () => {
    expect(await failure(client.videos.retrieve("video_123"))).toMatchObject({
      status: 404,
      code: "take_not_found",
    });
    expect(await failure(client.videos.list({ after: "video_123" }))).toMatchObject({
      status: 400,
      code: "invalid_cursor",
    });
    expect(
      await failure(client.videos.downloadContent("video_123", { variant: "gif" as never })),
    ).toMatchObject({ status: 400, param: "variant" });
  });
});
