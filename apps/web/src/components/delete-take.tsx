import { ALLOWED_TAKE_ACTIONS, type Take } from "@arc-fabric/contract";
import type { ReactElement } from "react";
import { errorText } from "../api/describe-error.ts";
import { useDeleteTake } from "../api/takes.ts";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { toast } from "../ui/toaster.tsx";

interface DeleteTakeProps {
  take: Take;
  onDeleted: () => void;
  /** The button that asks. */
  trigger: (busy: boolean) => ReactElement;
}

/** Deletes a take after a question; nothing where that is not allowed. */
export function DeleteTake({ take, onDeleted, trigger }: DeleteTakeProps) {
  const remove = useDeleteTake();
  if (!ALLOWED_TAKE_ACTIONS[take.status].includes("delete")) return null;
  /** A take may take what shows it with it, so this must not depend on being shown. */
  const onConfirm = () =>
    void remove.mutateAsync(take.id).then(
      () => {
        toast("Take deleted");
        onDeleted();
      },
      (error: unknown) => toast("Not deleted", { tone: "danger", description: errorText(error) }),
    );
  return (
    <ConfirmDialog
      title="Delete this take?"
      confirmLabel="Delete"
      onConfirm={onConfirm}
      trigger={trigger(remove.isPending)}
    >
      Its video, its {take.progress.step} stored steps and its log are removed. This cannot be
      undone.
    </ConfirmDialog>
  );
}
