import { FabricError, type Take } from "@arc-fabric/contract";
import { requireSameLatents } from "./plan/plan-generate.ts";
import type { ModelBook } from "./plan/plan-parts.ts";
import type { Store } from "./ports/store.ts";
import type { Logger, System } from "./ports/system.ts";

interface HoldDeps {
  readonly store: Store;
  readonly system: System;
  readonly logger: Logger;
  readonly models: ModelBook;
}

const PAGE = 100;

/**
 * Pauses queued takes that this server's models cannot run, before one of them is tried: they would fail, and a failed take does not
 * go on when the right model is back.
 */
export async function holdTakesWithoutModel(deps: HoldDeps): Promise<void> {
  for (const take of await queuedTakes(deps.store)) {
    try {
      requireRunnable(take, deps.models);
    } catch (error) {
      if (!(error instanceof FabricError)) throw error;
      await hold(deps, take, error.message);
    }
  }
}

/** @throws FabricError `model_not_found`; `latent_space_mismatch` where it was begun with another version of its model */
export function requireRunnable(take: Take, models: ModelBook): void {
  for (const model of Object.keys(take.plan.weights)) models.manifest(model);
  requireSameLatents(take, models);
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

async function hold({ store, system, logger }: HoldDeps, { id }: Take, reason: string) {
  const now = system.now();
  const message = `Paused: ${reason} Resume the take when the model is back.`;
  await store.pauseTake(id, now);
  const at = new Date(now).toISOString();
  await store.addLogLines(id, [{ at, level: "error", source: "server", message }]);
  logger.error(`Take ${id} is paused: ${reason}`, { take_id: id });
}
