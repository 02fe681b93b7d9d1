import { invariant, type EditProof, type Take } from "@arc-fabric/contract";
import { ownPiece } from "../plan/plan-parts.ts";
import type { Store } from "../ports/store.ts";

type Computed = NonNullable<EditProof["cost"]>["computed"];

/** What an edit computed, and what making its whole clip anew would have. */
export async function editCost(
  store: Pick<Store, "getTake">,
  take: Take,
): Promise<NonNullable<EditProof["cost"]>> {
  const steps = take.plan.total_steps - take.steps_reused;
  const made = await makersOf(store, take);
  return {
    computed: { steps, seconds: secondsOf(steps, take) },
    whole_clip: {
      steps: made.reduce((sum, { plan }) => sum + plan.total_steps, 0),
      seconds: made.reduce<number | null>((sum, maker) => {
        const seconds = secondsOf(maker.plan.total_steps, maker);
        return sum === null || seconds === null ? null : sum + seconds;
      }, 0),
    },
  };
}

/** Median steps, so that waiting and loading do not count. */
function secondsOf(steps: number, { progress }: Take): Computed["seconds"] {
  if (steps === 0) return 0;
  return progress.step_seconds === null ? null : steps * progress.step_seconds;
}

/**
 * The takes whose steps made the clip that was edited: the one from noise, and those that made it longer. Edits on the way do not
 * count, for a clip that is made anew needs none.
 */
async function makersOf(store: Pick<Store, "getTake">, edit: Take): Promise<Take[]> {
  const makers: Take[] = [];
  for (let take: Take | null = edit; take;) {
    const start = startOf(take);
    if (start !== "renoised") makers.push(take);
    if (start === "noise") break;
    // A fork begins where the take that it was forked from began.
    let last: Take = take;
    while (last.origin.kind === "fork") last = await parentOf(store, last);
    take = await parentOf(store, last);
  }
  return makers;
}

function startOf({ plan }: Take): "noise" | "renoised" | "grown" {
  if (plan.start.kind === "renoise") return "renoised";
  const isBlock = (ownPiece(plan)?.frames[0] ?? 0) > 0;
  const holds =
    plan.start.kind === "compose" && plan.start.pieces.some(({ kind }) => kind === "latents");
  return holds && !isBlock ? "grown" : "noise";
}

async function parentOf(store: Pick<Store, "getTake">, { id, parent_id }: Take): Promise<Take> {
  invariant(parent_id, `take ${id} was made from another one`);
  const parent = await store.getTake(parent_id);
  invariant(parent, `a take that others were made from is not deleted`);
  return parent;
}
