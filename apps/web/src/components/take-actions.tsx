import { ALLOWED_TAKE_ACTIONS, type Take } from "@arc-fabric/contract";
import { useNavigate } from "react-router";
import { client } from "../api/client.ts";
import { paths } from "../paths.ts";
import { draftFrom } from "../stores/draft.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { toast } from "../ui/toaster.tsx";
import { DeleteTake } from "./delete-take.tsx";

/** What a person can do with a take, by the contract's table of actions per status. */
export function TakeActions({ take, onDeleted }: { take: Take; onDeleted: () => void }) {
  const navigate = useNavigate();
  const allowed = ALLOWED_TAKE_ACTIONS[take.status];
  const video = take.artifacts.find((artifact) => artifact.kind === "video");

  const reuse = () => {
    draftFrom(take.parameters, { keepSeed: false });
    void navigate(paths.create());
    toast("Settings taken over", {
      description: "The seed is new, so it will be another picture.",
    });
  };
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
      <DeleteTake
        take={take}
        onDeleted={onDeleted}
        trigger={(busy) => (
          <Button icon="trash" busy={busy}>
            Delete
          </Button>
        )}
      />
    </div>
  );
}
