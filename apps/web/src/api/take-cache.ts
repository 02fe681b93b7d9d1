import { applyTakeEvent } from "@arc-fabric/client";
import type { FabricEvent, State, Take, TakeStatus } from "@arc-fabric/contract";
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { keys } from "./keys.ts";

export interface TakePage {
  items: Take[];
  has_more: boolean;
}
export type TakePages = InfiniteData<TakePage, string | null>;

/** What the studio knows of a stored step; an event tells as much as the list does. */
export type Step = Pick<State, "step" | "sigma" | "seconds" | "digest" | "has_preview">;

/** Changes a take wherever the cache holds it. */
export function updateTake(cache: QueryClient, id: string, change: (take: Take) => Take): void {
  cache.setQueryData<Take>(keys.take(id), (take) => take && change(take));
  cache.setQueriesData<TakePages>(
    { queryKey: keys.lists },
    (pages) =>
      pages &&
      mapPages(pages, (items) => items.map((take) => (take.id === id ? change(take) : take))),
  );
}

export function putTake(cache: QueryClient, take: Take): void {
  const known =
    cache.getQueryData<Take>(keys.take(take.id)) !== undefined || isListed(cache, take.id);
  cache.setQueryData<Take>(keys.take(take.id), take);
  if (known) updateTake(cache, take.id, () => take);
  else prependTake(cache, take);
}

export function dropTake(cache: QueryClient, id: string): void {
  cache.setQueriesData<TakePages>(
    { queryKey: keys.lists },
    (pages) => pages && mapPages(pages, (items) => items.filter((take) => take.id !== id)),
  );
  cache.removeQueries({ queryKey: keys.states(id) });
  cache.removeQueries({ queryKey: keys.logs(id) });
}

/** Takes over an event. */
export function applyEvent(cache: QueryClient, event: FabricEvent): void {
  if (!("take_id" in event.data)) return;
  const id = event.data.take_id;
  updateTake(cache, id, (take) => applyTakeEvent(take, event));
  if (event.type === "step.completed") {
    const { step, sigma, seconds, digest, has_preview } = event.data;
    addStep(cache, id, { step, sigma, seconds, digest, has_preview });
  }
}

function addStep(cache: QueryClient, id: string, step: Step): void {
  const steps = cache.getQueryData<Step[]>(keys.states(id));
  if (!steps) return;
  const before = steps.filter((known) => known.step < step.step);
  cache.setQueryData<Step[]>(keys.states(id), [...before, step]);
  // A step whose event came while the list was on its way is in neither.
  if ((before.at(-1)?.step ?? 0) < step.step - 1)
    void cache.invalidateQueries({ queryKey: keys.states(id) });
}

function prependTake(cache: QueryClient, take: Take): void {
  for (const [key, pages] of cache.getQueriesData<TakePages>({ queryKey: keys.lists })) {
    const status = key[1] as TakeStatus | null;
    if (!pages || (status !== null && status !== take.status)) continue;
    const [first, ...rest] = pages.pages;
    if (first)
      cache.setQueryData<TakePages>(key, {
        ...pages,
        pages: [{ ...first, items: [take, ...first.items] }, ...rest],
      });
  }
}

function isListed(cache: QueryClient, id: string): boolean {
  return cache
    .getQueriesData<TakePages>({ queryKey: keys.lists })
    .some(([, pages]) => pages?.pages.some((page) => page.items.some((take) => take.id === id)));
}

function mapPages(pages: TakePages, change: (items: Take[]) => Take[]): TakePages {
  return { ...pages, pages: pages.pages.map((page) => ({ ...page, items: change(page.items) })) };
}
