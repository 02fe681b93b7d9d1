import { describe, expect, test } from "vitest";

import { fixtureRuntime, NEVER, segment, startHost, until } from "./host-fixture.ts";

const code = (value: string) => expect.objectContaining({ code: value });
const prompts = { prompt: "a red ball", negativePrompt: "" };

describe("cancelling", () => {
  test("rejects with the signal's reason once the worker has stopped, and the lease goes on", async () => {
    await using fixture = startHost(fixtureRuntime("good"));
    const lease = await fixture.acquire();
    const abort = new AbortController();
    const steps: number[] = [];
    const walk = async () => {
      const request = {
        segment: segment({ to: 1000 }),
        conditioning: new Uint8Array(1),
        state: null,
        previewIntervalMs: 0,
      };
      for await (const { step } of lease.denoise(request, abort.signal)) {
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
    for await (const { step } of lease.denoise(
      {
        segment: segment({ to: 1000 }),
        conditioning: new Uint8Array(1),
        state: null,
        previewIntervalMs: 0,
      },
      NEVER,
    ))
      if (step === 2) break;
    await lease.encode(prompts, NEVER);
  });

  test("a lease given back in the middle of a request reaches the next caller idle", async () => {
    await using fixture = startHost(fixtureRuntime("good"));
    const first = await fixture.acquire();
    const steps = first
      .denoise(
        {
          segment: segment({ to: 1000 }),
          conditioning: new Uint8Array(1),
          state: null,
          previewIntervalMs: 0,
        },
        NEVER,
      )
      [Symbol.asyncIterator]();
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
      const request = {
        segment: segment({ to: 1_000_000, schedule: { sigmas: [1, 0] } }),
        conditioning: new Uint8Array(1),
        state: null,
        previewIntervalMs: 0,
      };
      for await (const { step } of lease.denoise(request, abort.signal))
        if (step === 1) abort.abort(new Error("enough"));
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
    const request = {
      segment: segment({ to: 200 }),
      conditioning: new Uint8Array(1),
      state: null,
      previewIntervalMs: 0,
    };
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
