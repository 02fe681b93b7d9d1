import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestServer, type TestServer } from "./support/test-server.ts";

const TOKEN = "a-long-random-token";
let server: TestServer;
beforeAll(async () => {
  server = await createTestServer({ token: TOKEN });
});
afterAll(() => server.close());

describe("a server with a token", () => {
  it.each(["/api/v1/takes", "/api/v1/system", "/v1/videos", "/metrics", "/api/v1/nothing"])(
    "keeps %s closed",
    async (url) => {
      const without = await server.app.inject(url);
      expect(without.statusCode).toBe(401);
      expect(without.headers["www-authenticate"]).toContain("Bearer");
      const wrong = await server.app.inject({ url, headers: { authorization: "Bearer nearly" } });
      expect(wrong.statusCode).toBe(401);
      const right = await server.app.inject({ url, headers: { authorization: `Bearer ${TOKEN}` } });
      expect(right.statusCode).not.toBe(401);
    },
  );

  it.each(["/api/v1/health", "/openapi.json", "/docs", "/docs/errors", "/login", "/"])(
    "leaves %s open",
    async (url) => {
      expect((await server.app.inject(url)).statusCode).toBe(200);
    },
  );

  it("trades the token for a cookie, which then opens everything", async () => {
    const refused = await server.app.inject({
      method: "POST",
      url: "/login",
      payload: { token: "nearly" },
    });
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([
      401,
      "unauthorized",
    ]);
    const accepted = await server.app.inject({
      method: "POST",
      url: "/login",
      payload: { token: TOKEN },
    });
    expect(accepted.statusCode).toBe(204);
    const cookie = String(accepted.headers["set-cookie"]);
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    const opened = await server.app.inject({
      url: "/api/v1/takes",
      headers: { cookie: cookie.split(";")[0]! },
    });
    expect(opened.statusCode).toBe(200);
  });

  it("signs in by a plain form too", async () => {
    const form = (token: string) =>
      server.app.inject({
        method: "POST",
        url: "/login",
        payload: `token=${token}`,
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
    expect((await form(TOKEN)).statusCode).toBe(303);
    const refused = await form("nearly");
    expect(refused.statusCode).toBe(401);
    expect(refused.body).toContain('role="alert"');
  });

  it("never writes the token to its log", () => {
    expect(server.log.length).toBeGreaterThan(0);
    expect(server.log.join("")).not.toContain(TOKEN);
  });
});

describe("browsers", () => {
  it("that were sent here under another name or by another site are refused", async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const renamed = await server.app.inject({
      url: "/api/v1/takes",
      headers: { ...headers, host: "evil.example" },
    });
    expect([renamed.statusCode, renamed.json<{ code: string }>().code]).toEqual([
      421,
      "invalid_host",
    ]);
    const crossSite = await server.app.inject({
      method: "POST",
      url: "/v1/videos",
      headers: { ...headers, origin: "https://evil.example" },
      payload: { prompt: "x" },
    });
    expect(crossSite.statusCode).toBe(421);
  });

  it("get a policy with every answer", async () => {
    const { headers } = await server.app.inject("/");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
  });
});
