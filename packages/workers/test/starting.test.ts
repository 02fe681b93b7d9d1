import { describe, expect, test } from "vitest";

import { fixtureRuntime, startHost } from "./host-fixture.ts";

const code = (value: string) => expect.objectContaining({ code: value });
const noRespawn = { respawn: { budget: 0 } };

describe("starting", () => {
  test("a worker that exits at once is tried again within its budget, then reported with its last lines, then left alone to cool down", async () => {
    await using fixture = startHost(fixtureRuntime("exits at once"), {
      respawn: { budget: 1, coolDownMs: 60_000 },
    });
    const error = await fixture.acquire().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "worker_start_failed",
      details: { log: ["cannot find my weights", "this is my last word"] },
    });
    expect(fixture.warnings).toHaveLength(1);
    expect(fixture.host.status("zoetrope-tiny")).toBe("error");
    expect(fixture.host.reports()[0]).toMatchObject({
      status: "error",
      restarts: 1,
      pid: null,
      error: expect.stringContaining("exited with code 3"),
    });
    await expect(fixture.acquire()).rejects.toMatchObject({
      code: "worker_start_failed",
      message: expect.stringContaining("rests for another"),
    });
  });

  test("after the cool-down the next acquire starts it again", async () => {
    await using fixture = startHost(fixtureRuntime("exits at once"), {
      respawn: { budget: 0, coolDownMs: 0 },
    });
    await expect(fixture.acquire()).rejects.toThrow(code("worker_start_failed"));
    await expect(fixture.acquire()).rejects.toMatchObject({
      message: expect.stringContaining("exited with code 3"),
    });
    expect(fixture.host.reports()[0]!.restarts).toBe(1);
  });

  test("a worker that never becomes ready is killed", async () => {
    await using fixture = startHost(fixtureRuntime("never ready"), {
      timeouts: { readyMs: 1_500 },
      ...noRespawn,
    });
    await expect(fixture.acquire()).rejects.toMatchObject({
      code: "worker_start_failed",
      message: expect.stringContaining("not ready within 1.5 s"),
    });
  });

  test("a command that does not exist is a failed start, not a crash", async () => {
    await using fixture = startHost({ command: "/nowhere/node", args: [], env: {} }, noRespawn);
    await expect(fixture.acquire()).rejects.toMatchObject({
      code: "worker_start_failed",
      message: expect.stringContaining("could not be started"),
    });
  });

  test.each([
    ["wrong version", "speaks protocol 3, this server speaks 2"],
    ["wrong id", "calls itself"],
    ["wrong family", "cannot run the family zoetrope"],
  ])("a handshake with the %s is refused and not tried again", async (mode, words) => {
    await using fixture = startHost(fixtureRuntime(mode));
    await expect(fixture.acquire()).rejects.toMatchObject({
      code: "worker_protocol",
      message: expect.stringContaining(words),
    });
    expect(fixture.host.reports()).toHaveLength(1);
    expect(fixture.warnings).toEqual([]);
  });

  test("a worker that is silent after the handshake is killed when its heartbeat or its loading is overdue", async () => {
    await using fixture = startHost(fixtureRuntime("silent after handshake"), {
      timeouts: { loadMs: 300 },
      ...noRespawn,
    });
    await expect(fixture.acquire()).rejects.toMatchObject({
      code: "worker_timeout",
      message: expect.stringContaining("did not finish loading"),
    });
  });

  test("a worker that dies while loading is started again, but not for ever", async () => {
    await using fixture = startHost(fixtureRuntime("dies while loading"), {
      respawn: { budget: 1 },
    });
    await expect(fixture.acquire()).rejects.toMatchObject({
      code: "worker_lost",
      message: expect.stringContaining("exited with code 9"),
    });
    expect(fixture.host.reports()[0]!.restarts).toBe(1);
  });

  test("missing weights are not a reason to start again", async () => {
    await using fixture = startHost(fixtureRuntime("weights missing"));
    await expect(fixture.acquire()).rejects.toThrow(code("weights_missing"));
    expect(fixture.warnings).toEqual([]);
    expect(fixture.host.status("zoetrope-tiny")).toBe("error");
  });

  test("a caller that gives up while the worker starts is rejected with its own reason; the worker stays for the next", async () => {
    await using fixture = startHost(fixtureRuntime("good"));
    const giveUp = new AbortController();
    const first = fixture.acquire("zoetrope-tiny", giveUp.signal);
    giveUp.abort(new Error("changed my mind"));
    await expect(first).rejects.toThrow("changed my mind");
    const lease = await fixture.acquire();
    expect(lease.environment).toEqual({ loads: 1 });
  });

  test("an unknown model and one that can never fit are refused at once", async () => {
    await using fixture = startHost(fixtureRuntime("good"), { memoryBudgetBytes: 10 });
    await expect(fixture.acquire("no-such-model")).rejects.toThrow(code("model_not_found"));
    await expect(fixture.acquire()).rejects.toThrow(code("out_of_memory"));
  });
});
