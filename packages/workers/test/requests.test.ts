import type { System } from "@arc-fabric/core";
import { describe, expect, test } from "vitest";

import {
  denoiseRequest,
  fixtureRuntime,
  NEVER,
  realSystem,
  startHost,
  until,
} from "./host-fixture.ts";

const code = (value: string) => expect.objectContaining({ code: value });
const prompts = { prompt: "a red ball", negativePrompt: "" };
const request = (to: number) => denoiseRequest({ segment: { to } });

describe("cancelling", () => {
  test("rejects with the signal's reason once the worker has stopped, and the lease goes on", async () => {
    await using fixture = startHost(fixtureRuntime("good"));
    const lease = await fixture.acquire();
    const abort = new AbortController();
    const steps: number[] = [];
    const walk = async () => {
      for await (const { step } of lease.denoise(request(1000), abort.signal)) {
        steps.push(step);
        if (step === 3) abort.abort(new Error("enough"));
      }
    };
    await expect(walk()).rejects.toThrow("enough");
    expect(steps).toEqual([1, 2, 3]);
    expect(new TextDecoder().decode((await lease.encode(prompts, NEVER)).conditioning)).toBe(
      "a red ball",
    );
    expect(fixture.warnings).toEqual([]);
  });

  test("a loop that just stops reading ends the request too", async () => {
    await using fixture = startHost(fixtureRuntime("good"));
    const lease = await fixture.acquire();
    for await (const { step } of lease.denoise(request(1000), NEVER)) if (step === 2) break;
    await lease.encode(prompts, NEVER);
  });

  test("a lease given back in the middle of a request reaches the next caller idle", async () => {
    await using fixture = startHost(fixtureRuntime("good"));
    const first = await fixture.acquire();
    const steps = first.denoise(request(1000), NEVER)[Symbol.asyncIterator]();
    await steps.next();
    first.release();
    const second = await fixture.acquire();
    await second.encode(prompts, NEVER);
    await expect(first.encode(prompts, NEVER)).rejects.toThrow(code("internal"));
  });

  test("a worker that ignores it is killed after the deadline, and the caller gets its own reason", async () => {
    await using fixture = startHost(fixtureRuntime("ignores cancel"), {
      timeouts: { cancelMs: 200 },
    });
    const lease = await fixture.acquire();
    const abort = new AbortController();
    const walk = async () => {
      const request = denoiseRequest({
        segment: { to: 1_000_000 },
        schedule: { sigmas: [1, 0] },
      });
      for await (const { step } of lease.denoise(request, abort.signal))
        if (step === 1) abort.abort(new Error("enough"));
    };
    await expect(walk()).rejects.toThrow("enough");
    await until(() => fixture.host.status("zoetrope-tiny") === "cold");
    expect(fixture.warnings[0]).toContain("did not stop its request");
  });
});

/** Time that can be made to run faster for whoever watches the clock: each millisecond slept becomes a hundred. */
function elasticSystem() {
  const time = { skew: 0, fast: false };
  const system: System = {
    ...realSystem,
    monotonic: () => performance.now() + time.skew,
    async sleep(ms, signal) {
      if (!time.fast) return realSystem.sleep(ms, signal);
      await realSystem.sleep(1, signal);
      time.skew += ms;
    },
  };
  return { time, system };
}

describe("flow control", () => {
  test("a reader that does not read stops the worker instead of filling memory, and the worker is not blamed for the time", async () => {
    const megabyte = 1 << 20;
    const { time, system } = elasticSystem();
    await using fixture = startHost(fixtureRuntime("good", megabyte), {
      system,
      timeouts: { stepBudgetMs: 20_000, heartbeatTimeoutMs: 20_000 },
    });
    const lease = await fixture.acquire();
    const steps = lease.denoise(request(40), NEVER);
    let read = 0;
    for await (const { step, state } of steps) {
      expect([step, state.length, state[0]]).toEqual([++read, megabyte, step % 256]);
      if (step !== 1) continue;
      // The socket is paused as soon as two answers lie unread; only then may the clock run.
      await until(() => lease.log.length >= 3);
      time.fast = true;
      const aMinuteLater = time.skew + 60_000;
      await until(() => time.skew > aMinuteLater);
      time.fast = false;
      // More steps than the unread answers and the buffers on the way can hold would mean that nobody holds it back.
      expect(lease.log.length).toBeLessThan(8);
    }
    expect(read).toBe(40);
    expect(fixture.warnings).toEqual([]);
  });

  test("a server that did not run for an hour does not take its idle worker for stuck", async () => {
    const { time, system } = elasticSystem();
    let looks = 0;
    const watched: System = { ...system, monotonic: () => (looks++, system.monotonic()) };
    await using fixture = startHost(fixtureRuntime("good"), { system: watched });
    const lease = await fixture.acquire();
    time.skew += 3_600_000;
    const from = looks;
    await until(() => looks > from + 6);
    await lease.encode(prompts, NEVER);
    expect(fixture.warnings).toEqual([]);
  });
});
