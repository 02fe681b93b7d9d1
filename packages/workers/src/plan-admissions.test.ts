import type { WorkerStatus } from "@arc-fabric/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planAdmissions, type SlotView } from "./plan-admissions.ts";

const slots = (
  entries: Record<string, [WorkerStatus, number, number?]>,
): ReadonlyMap<string, SlotView> =>
  new Map(
    Object.entries(entries).map(([model, [status, memoryBytes, lastUsedMs = 0]]) => [
      model,
      { status, memoryBytes, lastUsedMs },
    ]),
  );

describe("admissions", () => {
  test.each([
    [
      "a warm worker goes to the first who asks, once",
      ["a", "a"],
      { a: ["warm", 1] },
      { grant: [0], start: [], stop: [] },
    ],
    [
      "a cold one is started once, however many ask",
      ["a", "a"],
      { a: ["cold", 1] },
      { grant: [], start: ["a"], stop: [] },
    ],
    [
      "one in error is started: its cool-down decides",
      ["a"],
      { a: ["error", 1] },
      { grant: [], start: ["a"], stop: [] },
    ],
    [
      "nothing happens for one that starts, stops or works",
      ["a", "b", "c"],
      { a: ["starting", 1], b: ["stopping", 1], c: ["busy", 1] },
      { grant: [], start: [], stop: [] },
    ],
    [
      "two that fit together start together",
      ["a", "b"],
      { a: ["cold", 5], b: ["cold", 5] },
      { grant: [], start: ["a", "b"], stop: [] },
    ],
    [
      "the least recently used idle one makes room",
      ["c"],
      { a: ["warm", 5, 20], b: ["warm", 5, 10], c: ["cold", 5] },
      { grant: [], start: [], stop: ["b"] },
    ],
    [
      "as many as needed make room",
      ["c"],
      { a: ["warm", 5, 20], b: ["warm", 5, 10], c: ["cold", 10] },
      { grant: [], start: [], stop: ["b", "a"] },
    ],
    [
      "one already stopping counts as room to come",
      ["c"],
      { a: ["warm", 5], b: ["stopping", 5], c: ["cold", 5] },
      { grant: [], start: [], stop: [] },
    ],
    [
      "a busy one is never stopped",
      ["c"],
      { a: ["busy", 5], b: ["busy", 5], c: ["cold", 5] },
      { grant: [], start: [], stop: [] },
    ],
    [
      "one granted just now is not stopped for a later caller",
      ["a", "c"],
      { a: ["warm", 10], c: ["cold", 5] },
      { grant: [0], start: [], stop: [] },
    ],
    [
      "who comes after one that waits for memory waits too, so its worker can be stopped",
      ["c", "a"],
      { a: ["warm", 10], c: ["cold", 5] },
      { grant: [], start: [], stop: ["a"] },
    ],
  ] as const)("%s", (_, waiting, table, expected) => {
    expect(planAdmissions(waiting, slots(table as never), 10)).toEqual(expected);
  });

  test("whatever waits: memory is never overcommitted, only idle workers are stopped, and someone is always helped or waited for", () => {
    const status = fc.constantFrom<WorkerStatus>(
      "cold",
      "starting",
      "warm",
      "busy",
      "stopping",
      "error",
    );
    const slot = fc.record({
      status,
      memoryBytes: fc.integer({ min: 1, max: 5 }),
      lastUsedMs: fc.nat(100),
    });
    const models = ["a", "b", "c", "d", "e"];
    fc.assert(
      fc.property(
        fc.tuple(slot, slot, slot, slot, slot),
        fc.array(fc.constantFrom(...models)),
        fc.integer({ min: 25, max: 30 }),
        fc.boolean(),
        (views, waiting, roomy, tight) => {
          const table = new Map(models.map((model, index) => [model, views[index]!]));
          const occupied = [...table.values()]
            .filter((view) => view.status !== "cold" && view.status !== "error")
            .reduce((sum, view) => sum + view.memoryBytes, 0);
          const budget = tight ? Math.max(occupied, 5) : roomy;
          const plan = planAdmissions(waiting, table, budget);
          const started = plan.start.reduce((sum, model) => sum + table.get(model)!.memoryBytes, 0);
          expect(occupied + started).toBeLessThanOrEqual(budget);
          for (const model of plan.stop) expect(table.get(model)!.status).toBe("warm");
          for (const index of plan.grant) expect(table.get(waiting[index]!)!.status).toBe("warm");
          const inMotion = [...table.values()].some(
            (view) =>
              view.status === "busy" || view.status === "starting" || view.status === "stopping",
          );
          const progress = plan.grant.length + plan.start.length + plan.stop.length > 0;
          if (waiting.length > 0 && !inMotion) expect(progress).toBe(true);
        },
      ),
    );
  });
});
