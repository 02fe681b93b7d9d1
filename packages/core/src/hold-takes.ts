import type { Manifest, Take } from "@arc-fabric/contract";
import type { Store } from "./ports/store.ts";
import type { Logger, System } from "./ports/system.ts";

interface HoldDeps {
  readonly store: Store;
  readonly system: System;
  readonly logger: Logger;
  readonly models: readonly Manifest[];
}

const PAGE = 100;

/**
 * Pauses queued takes whose models this server does not have, before one of them is run: they would fail, and a failed take does not
 * go on when the model is back.
 */
export async function holdTakesWithoutModel(deps: HoldDeps): Promise<void> {
  const known = new Set(deps.models.map(({ id }) => id));
  for (const take of await queuedTakes(deps.store)) {
    const missing = modelsOf(take).find((id) => !known.has(id));
    if (missing !== undefined) await hold(deps, take, missing);
  }
}

/** Models that any step of it needs. */
export function modelsOf({ plan }: Pick<Take, "plan">): string[] {
  return Object.keys(plan.weights);
}

async function queuedTakes(store: Store): Promise<Take[]> {
  const takes: Take[] = [];
  for (;;) {
    const after = takes.at(-1)?.id;
    const page = await store.listTakes(
      { status: ["queued"] },
      { limit: PAGE, order: "asc", after },
    );
    takes.push(...page.items);
    if (!page.hasMore) return takes;
  }
}

async function hold({ store, system, logger }: HoldDeps, { id }: Take, model: string) {
  const now = system.now();
  const message = `Paused: this server has no model "${model}". Resume the take when it is back.`;
  await store.pauseTake(id, now);
  const at = new Date(now).toISOString();
  await store.addLogLines(id, [{ at, level: "error", source: "server", message }]);
  logger.error(`Take ${id} is paused: this server has no model "${model}".`, { take_id: id });
}
