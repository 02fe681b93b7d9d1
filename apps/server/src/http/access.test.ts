import { describe, expect, it } from "vitest";
import { type AccessRules, checkHost, checkToken, tokenCookie } from "./access.ts";

const loopback: AccessRules = { token: null, host: "127.0.0.1", allowedHosts: [] };
const open: AccessRules = { token: "s3cret", host: "0.0.0.0", allowedHosts: ["studio.lan"] };

describe("hosts and origins", () => {
  it.each(["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"])(
    "loopback answers to %s",
    (host) => {
      expect(() => checkHost(loopback, { host })).not.toThrow();
    },
  );

  it("a name that was bound to this machine from outside is refused", () => {
    expect(() => checkHost(loopback, { host: "evil.example:8000" })).toThrow("evil.example");
    expect(() => checkHost(loopback, {})).toThrow();
    expect(() =>
      checkHost({ ...loopback, allowedHosts: ["evil.example"] }, { host: "evil.example:1" }),
    ).not.toThrow();
  });

  it("pages of other origins are refused, also on an open address", () => {
    expect(() =>
      checkHost(loopback, { host: "localhost:8000", origin: "https://evil.example" }),
    ).toThrow();
    expect(() => checkHost(loopback, { host: "localhost:8000", origin: "null" })).toThrow();
    expect(() =>
      checkHost(loopback, { host: "localhost:8000", origin: "http://localhost:5173" }),
    ).not.toThrow();
    expect(() =>
      checkHost(open, { host: "gpu.lan:8000", origin: "http://gpu.lan:8000" }),
    ).not.toThrow();
    expect(() =>
      checkHost(open, { host: "gpu.lan:8000", origin: "http://studio.lan" }),
    ).not.toThrow();
    expect(() => checkHost(open, { host: "gpu.lan:8000", origin: "http://localhost" })).toThrow();
  });
});

describe("tokens", () => {
  it("are taken from the header or the cookie that signing in sets", () => {
    const cookie = tokenCookie("s3cret").split(";")[0]!;
    expect(() => checkToken(open, { authorization: "Bearer s3cret" })).not.toThrow();
    expect(() => checkToken(open, { cookie: `theme=dark; ${cookie}` })).not.toThrow();
    expect(tokenCookie("s3cret")).toMatch(/HttpOnly; SameSite=Strict/);
  });

  it.each([
    {},
    { authorization: "Bearer wrong" },
    { authorization: "s3cret" },
    { cookie: "arc_token=%zz" },
    { authorization: "Bearer s3cret2" },
  ])("%j does not open the server", (headers) => {
    expect(() => checkToken(open, headers)).toThrow(
      expect.objectContaining({ code: "unauthorized" }),
    );
  });
});
