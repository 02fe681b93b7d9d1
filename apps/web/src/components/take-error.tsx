import type { Take } from "@arc-fabric/contract";
import { describeError, describeRecord } from "../api/describe-error.ts";
import { useCreateTake } from "../api/takes.ts";
import { requestOf } from "../stores/draft.ts";
import { toast } from "../ui/toaster.tsx";
import { ErrorCard } from "./error-card.tsx";

/** Why a take failed; trying again makes a new take with the same parameters and the same seed. */
export function TakeError({ take, onCreated }: { take: Take; onCreated: (take: Take) => void }) {
  const create = useCreateTake();
  if (!take.error) return null;
  const onRetry = () =>
    create.mutate(
      { request: requestOf(take.parameters), sessionId: take.session_id },
      {
        onSuccess: onCreated,
        onError: (error) =>
          toast("Not started", { tone: "danger", description: describeError(error).message }),
      },
    );
  return (
    <ErrorCard error={describeRecord(take.error)} onRetry={onRetry} retrying={create.isPending} />
  );
}
