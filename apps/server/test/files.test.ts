import type { Artifact, Take } from "@arc-fabric/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestServer, type TestServer } from "./support/test-server.ts";

let server: TestServer;
let video: Artifact;
let take: Take;
let url: string;
let whole: Buffer;
beforeAll(async () => {
  server = await createTestServer();
  take = await server.generate();
  video = take.artifacts.find(({ kind }) => kind === "video")!;
  url = `/api/v1/artifacts/${video.id}/content`;
  whole = (await server.app.inject(url)).rawPayload;
});
afterAll(() => server.close());

const get = (headers: Record<string, string>, method: "GET" | "HEAD" = "GET") =>
  server.app.inject({ method, url, headers });

describe("files", () => {
  it("are sent whole, with what a cache and a player need", async () => {
    const { statusCode, headers } = await get({});
    expect(statusCode).toBe(200);
    expect(whole.byteLength).toBe(video.bytes);
    expect(headers).toMatchObject({
      "content-type": "video/mp4",
      "content-length": String(video.bytes),
      "accept-ranges": "bytes",
      etag: `"${video.digest}"`,
      "content-disposition": `inline; filename="${take.id}.mp4"`,
    });
    expect(headers["cache-control"]).toContain("immutable");
  });

  it.each([
    ["bytes=0-0", 0, 1],
    ["bytes=100-199", 100, 200],
    ["bytes=-50", -50, undefined],
    ["bytes=27000-", 27_000, undefined],
  ])("are sent in part: %s", async (range, start, end) => {
    const answer = await get({ range });
    expect(answer.statusCode).toBe(206);
    expect(answer.rawPayload.equals(whole.subarray(start, end))).toBe(true);
    expect(answer.headers["content-range"]).toMatch(new RegExp(`^bytes \\d+-\\d+/${video.bytes}$`));
  });

  it("answer 416 with the length for a range outside", async () => {
    const answer = await get({ range: "bytes=99999999-" });
    expect([answer.statusCode, answer.headers["content-range"]]).toEqual([
      416,
      `bytes */${video.bytes}`,
    ]);
  });

  it("are not sent again to who has them", async () => {
    const answer = await get({ "if-none-match": `"other", "${video.digest}"` });
    expect([answer.statusCode, answer.body]).toEqual([304, ""]);
  });

  it("are sent whole when the part is wanted of other bytes", async () => {
    expect((await get({ range: "bytes=0-0", "if-range": '"other"' })).statusCode).toBe(200);
    expect((await get({ range: "bytes=0-0", "if-range": `"${video.digest}"` })).statusCode).toBe(
      206,
    );
  });

  it("tell their size to HEAD", async () => {
    const answer = await get({}, "HEAD");
    expect([answer.statusCode, answer.body, answer.headers["content-length"]]).toEqual([
      200,
      "",
      String(video.bytes),
    ]);
    expect((await get({ range: "bytes=0-9" }, "HEAD")).headers["content-length"]).toBe("10");
  });

  it("of states and previews have their own types and names", async () => {
    const state = await server.app.inject(`/api/v1/takes/${take.id}/states/2/content`);
    expect(state.headers["content-disposition"]).toContain(`${take.id}-step-2.safetensors`);
    const preview = await server.app.inject(`/api/v1/takes/${take.id}/states/2/preview`);
    expect([preview.headers["content-type"], preview.rawPayload[0]]).toEqual(["image/jpeg", 0xff]);
  });
});
