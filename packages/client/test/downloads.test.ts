import { createClient } from "@arc-fabric/client";
import { afterEach, describe, expect, test } from "vitest";
import { fastPlatform } from "./support/fast-platform.ts";
import { startHttpServer, type TestServer } from "./support/http-server.ts";

let server: TestServer | undefined;
afterEach(() => server?.close());

const CONTENT = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 31) % 251));

/** Serves CONTENT with ranges; each answer is cut after `pieceBytes`. `etag(n)` is the tag of the n-th answer. */
async function serveFile(pieceBytes: number, etag: (count: number) => string): Promise<void> {
  let count = 0;
  server = await startHttpServer((request, response) => {
    const tag = etag(++count);
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
    const start = range && request.headers["if-range"] === tag ? Number(range[1]) : 0;
    response.writeHead(start > 0 ? 206 : 200, {
      "content-type": "video/mp4",
      "content-length": CONTENT.byteLength - start,
      etag: tag,
    });
    const piece = CONTENT.subarray(start, start + pieceBytes);
    response.write(piece, () =>
      start + piece.byteLength === CONTENT.byteLength ? response.end() : response.destroy(),
    );
  });
}

describe("a download", () => {
  test("goes on where the connection broke off, as often as it advances", async () => {
    await serveFile(9_000, () => '"one"');
    const progress: number[] = [];
    const client = createClient({ baseUrl: server!.url, platform: fastPlatform() });
    const download = await client.artifacts.download("art_1", {
      onProgress: (done) => progress.push(done),
    });
    expect([download.mediaType, download.bytes]).toEqual(["video/mp4", CONTENT.byteLength]);
    expect(Buffer.compare(Buffer.from(await download.toBytes()), CONTENT)).toBe(0);
    expect(progress.at(-1)).toBe(CONTENT.byteLength);
    expect(server!.requests).toHaveLength(12);
  });

  test("does not glue two versions of a file together", async () => {
    await serveFile(9_000, (count) => `"${count}"`);
    const client = createClient({ baseUrl: server!.url, platform: fastPlatform() });
    const download = await client.artifacts.download("art_1");
    await expect(download.toBytes()).rejects.toThrow("changed while it was downloaded");
  });

  test("is given up when it does not advance any more", async () => {
    await serveFile(0, () => '"one"');
    const client = createClient({ baseUrl: server!.url, platform: fastPlatform() });
    const reading = client.artifacts
      .download("art_1", { retries: 0 })
      .then((download) => download.toBytes());
    await expect(reading).rejects.toMatchObject({ code: "server_unreachable" });
    expect(server!.requests.length).toBeLessThan(10);
  });
});
