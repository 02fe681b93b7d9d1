import { isFabricError } from "@arc-fabric/contract";
import { describe, expect, it } from "vitest";
import { type ConfigSources, loadConfig, maskSecrets } from "./load-config.ts";

const sources = (change: Partial<ConfigSources> = {}): ConfigSources => ({
  environment: {},
  flags: {},
  configFile: null,
  workingDirectory: "/here",
  readFile: () => null,
  ...change,
});
const withFile = (content: string, change: Partial<ConfigSources> = {}) =>
  sources({ readFile: (path) => (path === "/here/arc.config.json" ? content : null), ...change });

function errorOf(from: ConfigSources): { code: string; message: string } {
  try {
    loadConfig(from);
  } catch (error) {
    if (isFabricError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("it was accepted");
}

describe("configuration", () => {
  it("has safe defaults", () => {
    const { config } = loadConfig(sources());
    expect(config).toMatchObject({
      host: "127.0.0.1",
      port: 8000,
      data_dir: "/here/data",
      token: null,
    });
  });

  it("takes each later source over the ones before it", () => {
    const file = JSON.stringify({ port: 1, max_queued: 1, threads: 1 });
    const environment = { ARC_MAX_QUEUED: "2", ARC_THREADS: "2" };
    const { config } = loadConfig(withFile(file, { environment, flags: { threads: "3" } }));
    expect([config.port, config.max_queued, config.threads]).toEqual([1, 2, 3]);
  });

  it("reads relative paths from where they were written", () => {
    const readFile = (path: string) =>
      path === "/etc/arc/c.json" ? '{"data_dir":"clips","models_dir":"m"}' : null;
    const { config } = loadConfig(
      sources({ configFile: "/etc/arc/c.json", readFile, flags: { models_dir: "mine" } }),
    );
    expect([config.data_dir, config.models_dir]).toEqual(["/etc/arc/clips", "/here/mine"]);
  });

  it("reads text as the value's type and lists by commas", () => {
    const environment = {
      ARC_ALLOW_SOFTWARE_ENCODER: "no",
      ARC_ALLOWED_HOSTS: "a.lan, b.lan",
      ARC_TOKEN: "",
    };
    const { config } = loadConfig(sources({ environment }));
    expect(config).toMatchObject({
      allow_software_encoder: false,
      allowed_hosts: ["a.lan", "b.lan"],
      token: null,
    });
  });

  it.each([
    [
      sources({ environment: { ARC_PROT: "1" } }),
      'ARC_PROT is not known. Did you mean "ARC_PORT"?',
    ],
    [
      sources({ environment: { ARC_PORT: "eighty" } }),
      'variable ARC_PORT has "eighty": must be a whole number from 0 to 65535',
    ],
    [sources({ flags: { port: "70000" } }), "flag --port"],
    [sources({ flags: { log_level: "loud" } }), "--log-level"],
    [withFile('{"prot": 1}'), 'unknown setting "prot". Did you mean "port"?'],
    [withFile('{"port": null}'), '"port" in /here/arc.config.json has null'],
    [withFile("{"), "is not valid JSON"],
    [withFile("[]"), "must hold a JSON object"],
    [sources({ configFile: "gone.json" }), "/here/gone.json cannot be read"],
  ])("names what is wrong and where it came from (%#)", (from, message) => {
    const error = errorOf(from);
    expect(error.code).toBe("config_invalid");
    expect(error.message).toContain(message);
  });

  it("never quotes a secret in an error", () => {
    const { message } = errorOf(withFile('{"token": 12345}'));
    expect(message).not.toContain("12345");
  });

  it.each(["0.0.0.0", "192.168.1.4", "::", "arc.example"])("refuses %s without a token", (host) => {
    expect(errorOf(sources({ flags: { host } })).code).toBe("address_needs_token");
    expect(loadConfig(sources({ flags: { host, token: "secret" } })).config.host).toBe(host);
  });

  it.each(["127.0.0.1", "127.1.2.3", "localhost", "::1"])("needs no token on %s", (host) => {
    expect(loadConfig(sources({ flags: { host } })).config.token).toBeNull();
  });

  it("masks secrets where it is shown", () => {
    const { config } = loadConfig(sources({ flags: { token: "hunter2" } }));
    expect(JSON.stringify(maskSecrets(config))).not.toContain("hunter2");
    expect(maskSecrets(config)).toMatchObject({ token: "********", port: 8000 });
  });
});
