import { describe, expect, test } from "vitest";

import {
  collect,
  fixtureRuntime,
  isAlive,
  NEVER,
  denoiseRequest,
  startHost,
  TINY_MODEL,
  tinyManifest,
  until,
} from "./host-fixture.ts";

const models = (...ids: string[]) =>
  new Map(
    ids.map((id) => [
      id,
      { manifest: { ...tinyManifest(), id, memory_bytes: 100 }, directory: TINY_MODEL },
    ]),
  );
const code = (value: string) => expect.objectContaining({ code: value });

describe("several callers and models", () => {
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
    await using fixture = startHost(fixtureRuntime("good"), {
      models: models("a", "b", "c"),
      memoryBudgetBytes: 200,
    });
    const a = await fixture.acquire("a");
    const b = await fixture.acquire("b");
    const waiting = fixture.acquire("c");
    expect([fixture.host.status("a"), fixture.host.status("b")]).toEqual(["busy", "busy"]);
    b.release();
    const c = await waiting;
    expect([fixture.host.status("a"), fixture.host.status("b"), fixture.host.status("c")]).toEqual([
      "busy",
      "cold",
      "busy",
    ]);
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

describe("stopping", () => {
  test("close ends workers that ignore it, waits for them, and refuses what comes later", async () => {
    const fixture = startHost(fixtureRuntime("ignores shutdown"), {
      timeouts: { shutdownMs: 100, forceKillMs: 100 },
    });
    const lease = await fixture.acquire();
    lease.release();
    const { pid } = fixture.host.reports()[0]!;
    await fixture.host.close();
    expect(isAlive(pid!)).toBe(false);
    expect(fixture.host.status("zoetrope-tiny")).toBe("cold");
    await expect(fixture.acquire()).rejects.toThrow(code("shutting_down"));
  });

  test("close waits for a worker that is just making room for another", async () => {
    const fixture = startHost(fixtureRuntime("ignores shutdown"), {
      models: models("a", "b"),
      memoryBudgetBytes: 100,
      timeouts: { shutdownMs: 100, forceKillMs: 100 },
    });
    (await fixture.acquire("a")).release();
    const { pid } = fixture.host.reports()[0]!;
    const waiting = expect(fixture.acquire("b")).rejects.toThrow(code("shutting_down"));
    await until(() => fixture.host.status("a") === "stopping");
    await fixture.host.close();
    expect(isAlive(pid!)).toBe(false);
    await waiting;
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
    const walk = collect(lease.denoise(denoiseRequest(), NEVER));
    const ended = expect(walk).rejects.toThrow(code("shutting_down"));
    await until(() => lease.log.length > 0);
    await fixture.host.close();
    await ended;
  });
});
