import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";
import { client } from "../api/client.ts";
import { describeError } from "../api/describe-error.ts";
import { changeDraft, type Draft, type DraftPicture } from "../stores/draft.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { toast } from "../ui/toaster.tsx";

/** Pictures that a clip begins or ends with. */
export function GivenFrames({ draft }: { draft: Draft }) {
  return (
    <>
      <PictureField
        label="First frame"
        picture={draft.firstFrame}
        onChange={(firstFrame) => changeDraft({ firstFrame })}
      />
      <PictureField
        label="Last frame"
        picture={draft.lastFrame}
        onChange={(lastFrame) => changeDraft({ lastFrame })}
      />
    </>
  );
}

interface PictureFieldProps {
  label: string;
  picture: DraftPicture | null;
  onChange: (picture: DraftPicture | null) => void;
}

/** A picture is uploaded when it is chosen; a request names it by its digest. */
function PictureField({ label, picture, onChange }: PictureFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  const upload = useMutation({
    mutationFn: (file: File) => client.files.upload(file, { name: file.name }),
    onSuccess: ({ digest }, { name }) => onChange({ digest, name }),
    onError: (error) =>
      toast("Picture not taken over", {
        tone: "danger",
        description: describeError(error).message,
      }),
  });
  return (
    <div className="flex items-center justify-between gap-3">
      <span className="label">{label}</span>
      <div className="flex min-w-0 items-center gap-1">
        <input
          ref={field}
          type="file"
          accept="image/png,image/jpeg,image/webp"
          aria-label={`${label}, picture`}
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) upload.mutate(file);
            event.target.value = "";
          }}
        />
        {picture ? (
          <>
            <span className="truncate text-[0.8125rem] text-muted">{picture.name}</span>
            <IconButton
              icon="close"
              label={`Remove the ${label.toLowerCase()}`}
              className="-my-1"
              onClick={() => onChange(null)}
            />
          </>
        ) : (
          <Button
            size="small"
            busy={upload.isPending}
            aria-label={`Choose the ${label.toLowerCase()}`}
            onClick={() => field.current?.click()}
          >
            Choose a picture
          </Button>
        )}
      </div>
    </div>
  );
}
