import { describe, expect, test } from "vitest";
import { denoiseRequest } from "../test/host-fixture.ts";
import { KeptFeeder } from "./kept-feeder.ts";

/** Lets the feeder's reads and sends run to their end. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

function feed(states: (string | null)[], options: { from?: number; steps?: number } = {}) {
  const sent: [number, string][] = [];
  const failures: unknown[] = [];
  const request = denoiseRequest({
    segment: {
      from: 2,
      to: 2 + states.length,
      keep: { mask: "mask", clean: "clean", seed: 1, states },
    },
    schedule: { sigmas: new Array<number>((options.steps ?? 20) + 1).fill(0.5) },
    from: options.from ?? 2,
    async readBlob(digest) {
      if (digest === "lost") throw new Error("lost");
      return new TextEncoder().encode(digest);
    },
  });
  const feeder = new KeptFeeder(request, (error) => failures.push(error));
  const supply = ({ step }: { step: number }, parts: Readonly<Record<string, Uint8Array>>) =>
    void sent.push([step, new TextDecoder().decode(parts["state"])]);
  return { feeder, supply, sent, failures };
}

describe("kept states", () => {
  test("go out in order, two ahead of the steps that are done", async () => {
    const { feeder, supply, sent } = feed(["a", "b", "c", "d", "e"]);
    feeder.open(supply, 2);
    await settled();
    expect(sent).toEqual([
      [3, "a"],
      [4, "b"],
    ]);
    feeder.advance(3);
    await settled();
    expect(sent.slice(2)).toEqual([[5, "c"]]);
    feeder.advance(6);
    await settled();
    expect(sent.slice(3)).toEqual([
      [6, "d"],
      [7, "e"],
    ]);
  });

  test("of steps without one, done already, or the plan's last are left out", async () => {
    const { feeder, supply, sent } = feed(["a", null, "c", "d", "e"], { from: 3, steps: 7 });
    feeder.open(supply, 7);
    await settled();
    expect(sent).toEqual([
      [5, "c"],
      [6, "d"],
    ]);
  });

  test("are not sent after one that could not be read", async () => {
    const { feeder, supply, sent, failures } = feed(["a", "lost", "c", "d"]);
    feeder.open(supply, 2);
    feeder.advance(6);
    await settled();
    expect(sent).toEqual([[3, "a"]]);
    expect(failures).toEqual([new Error("lost")]);
  });
});
