import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestServer, type TestServer } from "./support/test-server.ts";

let server: TestServer;
let dist: string;
beforeAll(async () => {
  server = await createTestServer();
  dist = path.join(server.directory, "apps/web/dist");
});
afterAll(() => server.close());

it("says what to do while the studio is not built", async () => {
  const answer = await server.app.inject("/");
  expect(answer.statusCode).toBe(200);
  expect(answer.body).toContain("npm start");
});

it("serves the built studio: assets for good, its page fresh for every address of its own", async () => {
  mkdirSync(path.join(dist, "assets"), { recursive: true });
  writeFileSync(path.join(dist, "index.html"), "<!doctype html><title>Studio</title>");
  writeFileSync(path.join(dist, "assets/app-1a2b.js"), "export {};");
  const asset = await server.app.inject("/assets/app-1a2b.js");
  expect([asset.statusCode, asset.headers["cache-control"]]).toEqual([
    200,
    "public, max-age=31536000, immutable",
  ]);
  for (const url of ["/", "/takes/take_1?x=1", "/system"]) {
    const page = await server.app.inject({ url, headers: { accept: "text/html,*/*" } });
    expect([page.statusCode, page.headers["cache-control"]]).toEqual([200, "no-cache"]);
    expect(page.body).toContain("<title>Studio</title>");
  }
});

it("never answers an API address or a missing asset with the page", async () => {
  for (const [url, accept] of [
    ["/api/v1/nothing", "text/html"],
    ["/assets/gone.js", "*/*"],
    ["/../package.json", "*/*"],
    ["/%2e%2e/%2e%2e/package.json", "*/*"],
  ] as const) {
    const answer = await server.app.inject({ url, headers: { accept } });
    expect(answer.statusCode).toBe(404);
  }
});
