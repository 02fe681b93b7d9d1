import { ALLOWED_TAKE_ACTIONS, type Take } from "@arc-fabric/contract";
import { useNavigate } from "react-router";
import { client } from "../api/client.ts";
import { errorText } from "../api/describe-error.ts";
import { useDeleteTake } from "../api/takes.ts";
import { paths } from "../paths.ts";
import { draftFrom } from "../stores/draft.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { Icon } from "../ui/icon.tsx";
import { toast } from "../ui/toaster.tsx";

/** What a person can do with a take, by the contract's table of actions per status. */
export function TakeActions({ take, onDeleted }: { take: Take; onDeleted: () => void }) {
  const navigate = useNavigate();
  const remove = useDeleteTake();
  const allowed = ALLOWED_TAKE_ACTIONS[take.status];
  const video = take.artifacts.find((artifact) => artifact.kind === "video");

  const reuse = () => {
    draftFrom(take.parameters, { keepSeed: false });
    void navigate(paths.create());
    toast("Settings taken over", {
      description: "The seed is new, so it will be another picture.",
    });
  };
  const onDelete = () =>
    remove.mutate(take.id, {
      onSuccess: () => {
        toast("Take deleted");
        onDeleted();
      },
      onError: (error) => toast("Not deleted", { tone: "danger", description: errorText(error) }),
    });

  return (
    <div className="flex flex-wrap gap-2">
      <Button look="primary" icon="spark" onClick={reuse}>
        Make another like this
      </Button>
      {allowed.includes("download") && video && (
        <a
          className={buttonClass("secondary")}
          href={client.artifacts.contentUrl(video.id)}
          download={`${take.id}.mp4`}
        >
          <Icon name="download" className="size-4" />
          Download
        </a>
      )}
      {allowed.includes("delete") && (
        <ConfirmDialog
          title="Delete this take?"
          confirmLabel="Delete"
          onConfirm={onDelete}
          trigger={
            <Button icon="trash" busy={remove.isPending}>
              Delete
            </Button>
          }
        >
          Its video, its {take.progress.step} stored steps and its log are removed. This cannot be
          undone.
        </ConfirmDialog>
      )}
    </div>
  );
}
