import { describe, expect, test } from "vitest";

import {
  collect,
  fixtureRuntime,
  isAlive,
  NEVER,
  denoiseRequest,
  startHost,
  until,
} from "./host-fixture.ts";

const code = (value: string) => expect.objectContaining({ code: value });
const prompts = { prompt: "a red ball", negativePrompt: "" };
const noRespawn = { respawn: { budget: 0 } };

describe("failures by severity", () => {
  test("a refused request leaves the worker warm and its lease usable", async () => {
    await using fixture = startHost(fixtureRuntime("refuses a request"));
    const lease = await fixture.acquire();
    await expect(lease.encode(prompts, NEVER)).rejects.toThrow(code("unsupported_value"));
    expect(await collect(lease.denoise(denoiseRequest(), NEVER))).toHaveLength(4);
  });

  test("a broken model is loaded again in the same process", async () => {
    await using fixture = startHost(fixtureRuntime("breaks its model"));
    const first = await fixture.acquire();
    await expect(first.encode(prompts, NEVER)).rejects.toThrow(code("generation_failed"));
    first.release();
    const second = await fixture.acquire();
    expect(second.workerId).toBe(first.workerId);
    expect(second.environment).toEqual({ loads: 2 });
    await second.encode(prompts, NEVER);
  });

  test("a broken worker is replaced by another process", async () => {
    await using fixture = startHost(fixtureRuntime("breaks itself"));
    const first = await fixture.acquire();
    await expect(first.encode(prompts, NEVER)).rejects.toThrow(code("out_of_memory"));
    await until(() => fixture.host.status("zoetrope-tiny") !== "busy");
    const second = await fixture.acquire();
    expect(second.workerId).not.toBe(first.workerId);
    expect(fixture.host.reports()[0]!.restarts).toBe(1);
  });

  test("an error code that is not in the catalogue becomes generation_failed and is kept in the details", async () => {
    await using fixture = startHost(fixtureRuntime("unknown code"));
    const lease = await fixture.acquire();
    await expect(lease.encode(prompts, NEVER)).rejects.toMatchObject({
      code: "generation_failed",
      details: { worker_code: "flux_capacitor" },
    });
  });
});

describe("a lost worker", () => {
  test.each([
    ["dies while encoding", "worker_lost"],
    ["answers another request", "worker_protocol"],
    ["leaves out a part", "worker_protocol"],
  ])("one that %s rejects the call with %s", async (mode, expected) => {
    await using fixture = startHost(fixtureRuntime(mode));
    const lease = await fixture.acquire();
    await expect(lease.encode(prompts, NEVER)).rejects.toThrow(code(expected));
  });

  test("one that sends garbage is killed and reported as breaking the protocol", async () => {
    await using fixture = startHost(fixtureRuntime("garbage after handshake"), noRespawn);
    await expect(fixture.acquire()).rejects.toThrow(code("worker_protocol"));
    expect(fixture.host.reports()[0]).toMatchObject({ status: "error", pid: null });
  });

  test("steps that arrived before its end are delivered before the error", async () => {
    await using fixture = startHost(fixtureRuntime("dies at step 2"));
    const lease = await fixture.acquire();
    const steps: number[] = [];
    const walk = async () => {
      for await (const { step } of lease.denoise(denoiseRequest(), NEVER)) steps.push(step);
    };
    await expect(walk()).rejects.toMatchObject({
      code: "worker_lost",
      message: expect.stringContaining("exited with code 12"),
    });
    expect(steps).toEqual([1]);
    await expect(lease.encode(prompts, NEVER)).rejects.toThrow(code("worker_lost"));
  });

  test("one that makes no progress within a step's budget is killed", async () => {
    await using fixture = startHost(fixtureRuntime("stuck in a step"), {
      timeouts: { stepBudgetMs: 300 },
    });
    const lease = await fixture.acquire();
    const walk = collect(lease.denoise(denoiseRequest(), NEVER));
    await expect(walk).rejects.toMatchObject({
      code: "worker_timeout",
      message: expect.stringContaining("made no progress"),
    });
  });

  test("an idle one without a heartbeat is killed", async () => {
    await using fixture = startHost(fixtureRuntime("goes silent"), {
      timeouts: { heartbeatTimeoutMs: 1_000 },
    });
    const lease = await fixture.acquire();
    const { pid } = fixture.host.reports()[0]!;
    await lease.encode(prompts, NEVER);
    lease.release();
    await until(() => fixture.host.status("zoetrope-tiny") === "cold");
    expect(fixture.warnings[0]).toContain("sent no heartbeat");
    expect(isAlive(pid!)).toBe(false);
  });
});
