import { describe, expect, test } from "vitest";
import { collect, fixtureRuntime, isAlive, NEVER, segment, startHost, tinyManifest, TINY_MODEL, until } from "./host-fixture.ts";

const code = (value: string) => expect.objectContaining({ code: value });
const prompts = { prompt: "a red ball", negativePrompt: "" };
const noRespawn = { respawn: { budget: 0 } };

describe("starting", () => {
  test("a worker that exits at once is tried again within its budget, then reported with its last lines, then left alone to cool down", async () => {
    await using fixture = startHost(fixtureRuntime("exits at once"), { respawn: { budget: 1, coolDownMs: 60_000 } });
    const error = await fixture.acquire().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "worker_start_failed", details: { log: ["cannot find my weights", "this is my last word"] } });
    expect(fixture.warnings).toHaveLength(1);
    expect(fixture.host.status("zoetrope-tiny")).toBe("error");
    expect(fixture.host.reports()[0]).toMatchObject({ status: "error", restarts: 1, pid: null, error: expect.stringContaining("exited with code 3") });
    await expect(fixture.acquire()).rejects.toMatchObject({ code: "worker_start_failed", message: expect.stringContaining("rests for another") });
  });

  test("after the cool-down the next acquire starts it again", async () => {
    await using fixture = startHost(fixtureRuntime("exits at once"), { respawn: { budget: 0, coolDownMs: 0 } });
    await expect(fixture.acquire()).rejects.toThrow(code("worker_start_failed"));
    await expect(fixture.acquire()).rejects.toMatchObject({ message: expect.stringContaining("exited with code 3") });
    expect(fixture.host.reports()[0]!.restarts).toBe(1);
  });

  test("a worker that never becomes ready is killed", async () => {
    await using fixture = startHost(fixtureRuntime("never ready"), { timeouts: { readyMs: 1_500 }, ...noRespawn });
    await expect(fixture.acquire()).rejects.toMatchObject({ code: "worker_start_failed", message: expect.stringContaining("not ready within 1.5 s") });
  });

  test("a command that does not exist is a failed start, not a crash", async () => {
    await using fixture = startHost({ command: "/nowhere/node", args: [], env: {} }, noRespawn);
    await expect(fixture.acquire()).rejects.toMatchObject({ code: "worker_start_failed", message: expect.stringContaining("could not be started") });
  });

  test.each([
    ["wrong version", "speaks protocol 2, this server speaks 1"],
    ["wrong id", "calls itself"],
    ["wrong family", "cannot run the family zoetrope"],
  ])("a handshake with the %s is refused and not tried again", async (mode, words) => {
    await using fixture = startHost(fixtureRuntime(mode));
    await expect(fixture.acquire()).rejects.toMatchObject({ code: "worker_protocol", message: expect.stringContaining(words) });
    expect(fixture.host.reports()).toHaveLength(1);
    expect(fixture.warnings).toEqual([]);
  });

  test("a worker that is silent after the handshake is killed when its heartbeat or its loading is overdue", async () => {
    await using fixture = startHost(fixtureRuntime("silent after handshake"), { timeouts: { loadMs: 300 }, ...noRespawn });
    await expect(fixture.acquire()).rejects.toMatchObject({ code: "worker_timeout", message: expect.stringContaining("did not finish loading") });
  });

  test("a worker that dies while loading is started again, but not for ever", async () => {
    await using fixture = startHost(fixtureRuntime("dies while loading"), { respawn: { budget: 1 } });
    await expect(fixture.acquire()).rejects.toMatchObject({ code: "worker_lost", message: expect.stringContaining("exited with code 9") });
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

describe("failures by severity", () => {
  test("a refused request leaves the worker warm and its lease usable", async () => {
    await using fixture = startHost(fixtureRuntime("refuses a request"));
    const lease = await fixture.acquire();
    await expect(lease.encode(prompts, NEVER)).rejects.toThrow(code("unsupported_value"));
    expect(await collect(lease.denoise({ segment: segment(), conditioning: new Uint8Array(1), state: null, previewIntervalMs: 0 }, NEVER))).toHaveLength(4);
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
    await expect(lease.encode(prompts, NEVER)).rejects.toMatchObject({ code: "generation_failed", details: { worker_code: "flux_capacitor" } });
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
      for await (const { step } of lease.denoise({ segment: segment(), conditioning: new Uint8Array(1), state: null, previewIntervalMs: 0 }, NEVER)) steps.push(step);
    };
    await expect(walk()).rejects.toMatchObject({ code: "worker_lost", message: expect.stringContaining("exited with code 12") });
    expect(steps).toEqual([1]);
    await expect(lease.encode(prompts, NEVER)).rejects.toThrow(code("worker_lost"));
  });

  test("one that makes no progress within a step's budget is killed", async () => {
    await using fixture = startHost(fixtureRuntime("stuck in a step"), { timeouts: { stepBudgetMs: 300 } });
    const lease = await fixture.acquire();
    const walk = collect(lease.denoise({ segment: segment(), conditioning: new Uint8Array(1), state: null, previewIntervalMs: 0 }, NEVER));
    await expect(walk).rejects.toMatchObject({ code: "worker_timeout", message: expect.stringContaining("made no progress") });
  });

  test("an idle one without a heartbeat is killed", async () => {
    await using fixture = startHost(fixtureRuntime("goes silent"), { timeouts: { heartbeatTimeoutMs: 1_000 } });
    const lease = await fixture.acquire();
    const { pid } = fixture.host.reports()[0]!;
    await lease.encode(prompts, NEVER);
    lease.release();
    await until(() => fixture.host.status("zoetrope-tiny") === "cold");
    expect(fixture.warnings[0]).toContain("sent no heartbeat");
    expect(isAlive(pid!)).toBe(false);
  });
});

describe("cancelling", () => {
  test("rejects with the signal's reason once the worker has stopped, and the lease goes on", async () => {
    await using fixture = startHost(fixtureRuntime("good"));
    const lease = await fixture.acquire();
    const abort = new AbortController();
    const steps: number[] = [];
    const walk = async () => {
      const request = { segment: segment({ to: 1000 }), conditioning: new Uint8Array(1), state: null, previewIntervalMs: 0 };
      for await (const { step } of lease.denoise(request, abort.signal)) {
        steps.push(step);
        if (step === 3) abort.abort(new Error("enough"));
      }
    };
    await expect(walk()).rejects.toThrow("enough");
    expect(steps).toEqual([1, 2, 3]);
    expect(new TextDecoder().decode((await lease.encode(prompts, NEVER)).conditioning)).toBe("a red ball");
    expect(fixture.warnings).toEqual([]);
  });

  test("a loop that just stops reading ends the request too", async () => {
    await using fixture = startHost(fixtureRuntime("good"));
    const lease = await fixture.acquire();
    for await (const { step } of lease.denoise({ segment: segment({ to: 1000 }), conditioning: new Uint8Array(1), state: null, previewIntervalMs: 0 }, NEVER))
      if (step === 2) break;
    await lease.encode(prompts, NEVER);
  });

  test("a lease given back in the middle of a request reaches the next caller idle", async () => {
    await using fixture = startHost(fixtureRuntime("good"));
    const first = await fixture.acquire();
    const steps = first.denoise({ segment: segment({ to: 1000 }), conditioning: new Uint8Array(1), state: null, previewIntervalMs: 0 }, NEVER)[Symbol.asyncIterator]();
    await steps.next();
    first.release();
    const second = await fixture.acquire();
    await second.encode(prompts, NEVER);
    await expect(first.encode(prompts, NEVER)).rejects.toThrow(code("internal"));
  });

  test("a worker that ignores it is killed after the deadline, and the caller gets its own reason", async () => {
    await using fixture = startHost(fixtureRuntime("ignores cancel"), { timeouts: { cancelMs: 200 } });
    const lease = await fixture.acquire();
    const abort = new AbortController();
    const walk = async () => {
      const request = { segment: segment({ to: 1_000_000, schedule: { sigmas: [1, 0] } }), conditioning: new Uint8Array(1), state: null, previewIntervalMs: 0 };
      for await (const { step } of lease.denoise(request, abort.signal)) if (step === 1) abort.abort(new Error("enough"));
    };
    await expect(walk()).rejects.toThrow("enough");
    await until(() => fixture.host.status("zoetrope-tiny") === "cold");
    expect(fixture.warnings[0]).toContain("did not stop its request");
  });
});

describe("flow control", () => {
  test("a reader that does not read stops the worker instead of filling memory", async () => {
    const megabyte = 1 << 20;
    await using fixture = startHost(fixtureRuntime("good", megabyte));
    const lease = await fixture.acquire();
    const request = { segment: segment({ to: 200 }), conditioning: new Uint8Array(1), state: null, previewIntervalMs: 0 };
    let read = 0;
    for await (const { step, state } of lease.denoise(request, NEVER)) {
      expect([step, state.length, state[0]]).toEqual([++read, megabyte, step % 256]);
      if (step !== 1) continue;
      // The worker says how many steps it could write; more than the buffers on the way hold would mean that nobody holds it back.
      let seen = -1;
      while (seen !== lease.log.length) {
        seen = lease.log.length;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      expect(lease.log.filter((line) => line.startsWith("sent step")).length).toBeLessThan(8);
    }
    expect(read).toBe(200);
    expect(fixture.warnings).toEqual([]);
  });
});

describe("stopping", () => {
  test("close ends workers that ignore it, waits for them, and refuses what comes later", async () => {
    const fixture = startHost(fixtureRuntime("ignores shutdown"), { timeouts: { shutdownMs: 100, forceKillMs: 100 } });
    const lease = await fixture.acquire();
    lease.release();
    const { pid } = fixture.host.reports()[0]!;
    await fixture.host.close();
    expect(isAlive(pid!)).toBe(false);
    expect(fixture.host.status("zoetrope-tiny")).toBe("cold");
    await expect(fixture.acquire()).rejects.toThrow(code("shutting_down"));
  });

  test("close while a worker starts leaves no process behind and rejects who waits", async () => {
    const fixture = startHost(fixtureRuntime("never ready"));
    const waiting = expect(fixture.acquire()).rejects.toThrow(code("shutting_down"));
    await until(() => fixture.host.status("zoetrope-tiny") === "starting");
    await fixture.host.close();
    await waiting;
    expect(fixture.host.status("zoetrope-tiny")).toBe("cold");
  });

  test("close in the middle of a request ends it with shutting_down", async () => {
    const fixture = startHost(fixtureRuntime("stuck in a step"));
    const lease = await fixture.acquire();
    const walk = collect(lease.denoise({ segment: segment(), conditioning: new Uint8Array(1), state: null, previewIntervalMs: 0 }, NEVER));
    const ended = expect(walk).rejects.toThrow(code("shutting_down"));
    await until(() => lease.log.length > 0);
    await fixture.host.close();
    await ended;
  });
});

describe("several callers and models", () => {
  const models = (...ids: string[]) =>
    new Map(ids.map((id) => [id, { manifest: { ...tinyManifest(), id, memory_bytes: 100 }, directory: TINY_MODEL }]));

  test("callers of one model get its worker one after the other, in order", async () => {
    await using fixture = startHost(fixtureRuntime("good"));
    const order: number[] = [];
    const first = await fixture.acquire();
    const others = [1, 2, 3].map(async (caller) => {
      const lease = await fixture.acquire();
      order.push(caller);
      lease.release();
    });
    expect(fixture.host.status("zoetrope-tiny")).toBe("busy");
    first.release();
    await Promise.all(others);
    expect(order).toEqual([1, 2, 3]);
    expect(fixture.host.reports()).toHaveLength(1);
  });

  test("where memory is short the least recently used idle worker makes room, a busy one never", async () => {
    await using fixture = startHost(fixtureRuntime("good"), { models: models("a", "b", "c"), memoryBudgetBytes: 200 });
    const a = await fixture.acquire("a");
    const b = await fixture.acquire("b");
    const waiting = fixture.acquire("c");
    expect([fixture.host.status("a"), fixture.host.status("b")]).toEqual(["busy", "busy"]);
    b.release();
    const c = await waiting;
    expect([fixture.host.status("a"), fixture.host.status("b"), fixture.host.status("c")]).toEqual(["busy", "cold", "busy"]);
    a.release();
    c.release();
    await until(() => fixture.host.status("c") === "warm");
    await fixture.acquire("b");
    expect([fixture.host.status("a"), fixture.host.status("c")]).toEqual(["cold", "warm"]);
  });

  test("listeners are told of each status", async () => {
    await using fixture = startHost(fixtureRuntime("good"));
    const seen: string[] = [];
    fixture.host.subscribe((report) => seen.push(report.status));
    const lease = await fixture.acquire();
    expect(lease.progress).toEqual([0.5]);
    lease.release();
    await until(() => fixture.host.status("zoetrope-tiny") === "warm");
    await fixture.host.close();
    expect(seen).toEqual(["starting", "warm", "busy", "warm", "stopping", "cold"]);
  });
});
