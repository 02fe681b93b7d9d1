import type { DeriveRequestInput, Planned, Take } from "@arc-fabric/contract";
import { describeError, type ErrorDescription } from "../api/describe-error.ts";
import { useDerive, usePlanned } from "../api/trajectory.ts";
import { useSettled } from "../hooks/use-settled.ts";

/** So that typing does not ask for a plan with every letter. */
const SETTLE_MS = 250;

export interface DeriveForm {
  /** What it would run, of the newest request that has an answer. */
  readonly planned: Planned | null;
  readonly asking: boolean;
  /** Why it cannot be made like this, or was not. */
  readonly problem: ErrorDescription | null;
  readonly busy: boolean;
  readonly ready: boolean;
  readonly submit: () => void;
}

/** Plans a derived take while it is described, and makes it. @param request null while something is missing */
export function useDeriveForm(
  take: Take,
  request: DeriveRequestInput | null,
  onMade: (take: Take) => void,
): DeriveForm {
  const settled = useSettled(request, SETTLE_MS);
  const planned = usePlanned(take.id, settled);
  const derive = useDerive();
  // What was wrong with the last request says nothing of the next one.
  const again = JSON.stringify(derive.variables?.request) === JSON.stringify(request);
  const error = (again ? derive.error : null) ?? planned.error;
  const ready = request !== null && !derive.isPending;
  return {
    planned: planned.error ? null : (planned.data ?? null),
    asking: planned.isFetching,
    problem: error ? describeError(error) : null,
    busy: derive.isPending,
    ready,
    submit() {
      if (ready) derive.mutate({ takeId: take.id, request }, { onSuccess: onMade });
    },
  };
}
