import type { FabricEvent, Take } from "@arc-fabric/contract";
import { QueryClient } from "@tanstack/react-query";
import { describe, expect, test } from "vitest";
import { World } from "../../mock/world.ts";
import { keys } from "./keys.ts";
import { applyEvent, dropTake, putTake, type Step, type TakePages } from "./take-cache.ts";

function setUp() {
  const world = new World({ stepMs: 1e6, phaseMs: 1e6 });
  const cache = new QueryClient();
  const [first, second] = [
    world.create({ prompt: "a red ball" }),
    world.create({ prompt: "a blue ball" }),
  ] as [Take, Take];
  const pages = (items: Take[]): TakePages => ({
    pages: [{ items, has_more: false }],
    pageParams: [null],
  });
  cache.setQueryData(keys.list(null), pages([second, first]));
  cache.setQueryData(keys.list("completed"), pages([]));
  cache.setQueryData(keys.take(first.id), first);
  const listed = (status: "completed" | null = null) =>
    cache.getQueryData<TakePages>(keys.list(status))!.pages.flatMap((page) => page.items);
  return { cache, first, second, listed };
}

const stepEvent = (take: Take, step: number) =>
  ({
    type: "step.completed",
    data: {
      take_id: take.id,
      step,
      total_steps: 20,
      sigma: 0.5,
      digest: "d",
      seconds: 0.1,
      has_preview: true,
    },
    session_id: take.session_id,
    seq: step,
    position: step,
    at: "2026-11-21T00:00:00.000Z",
  }) as FabricEvent;

describe("take cache: events and answers reach a take wherever it is shown", () => {
  test("a step moves the progress of the take and of its card", () => {
    const { cache, first, listed } = setUp();
    applyEvent(cache, stepEvent(first, 3));
    expect(cache.getQueryData<Take>(keys.take(first.id))?.progress.step).toBe(3);
    expect(listed().find(({ id }) => id === first.id)?.progress.step).toBe(3);
    expect(listed().find(({ id }) => id !== first.id)?.progress.step).toBe(0);
  });
  test("a repeated step is stored once, and going back drops what came after", () => {
    const { cache, first } = setUp();
    cache.setQueryData<Step[]>(keys.states(first.id), []);
    for (const step of [1, 2, 3, 2]) applyEvent(cache, stepEvent(first, step));
    expect(cache.getQueryData<Step[]>(keys.states(first.id))?.map(({ step }) => step)).toEqual([
      1, 2,
    ]);
  });
  test("a step that is in neither the list nor an event makes the list stale", () => {
    const { cache, first } = setUp();
    const stale = () => cache.getQueryState(keys.states(first.id))?.isInvalidated;
    cache.setQueryData<Step[]>(keys.states(first.id), []);
    for (const step of [1, 2]) applyEvent(cache, stepEvent(first, step));
    expect(stale()).toBe(false);
    applyEvent(cache, stepEvent(first, 4));
    expect(stale()).toBe(true);
  });
  test("a new take goes to the top of the lists it belongs to", () => {
    const { cache, first, listed } = setUp();
    const made = { ...first, id: "take_new" as Take["id"] };
    putTake(cache, made);
    expect(listed().map(({ id }) => id)).toEqual(["take_new", listed()[1]!.id, first.id]);
    expect(listed("completed")).toEqual([]);
    putTake(cache, { ...made, status: "running" });
    expect(
      listed()
        .filter(({ id }) => id === "take_new")
        .map(({ status }) => status),
    ).toEqual(["running"]);
  });
  test("a deleted take is gone from the lists", () => {
    const { cache, first, second, listed } = setUp();
    dropTake(cache, first.id);
    expect(listed().map(({ id }) => id)).toEqual([second.id]);
  });
});
