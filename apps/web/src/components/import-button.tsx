import { useRef } from "react";
import { useNavigate } from "react-router";
import { errorText } from "../api/describe-error.ts";
import { useImportSession } from "../api/sessions.ts";
import { paths } from "../paths.ts";
import { Button } from "../ui/button.tsx";
import { toast } from "../ui/toaster.tsx";

/** Brings in a session that was exported here or elsewhere. */
export function ImportButton() {
  const field = useRef<HTMLInputElement>(null);
  const bring = useImportSession();
  const navigate = useNavigate();
  const onFile = (file: File | undefined) => {
    if (!file) return;
    bring.mutate(file, {
      onSuccess(session) {
        toast("Session imported", { description: session.title });
        void navigate(paths.session(session.id));
      },
      onError: (error) => toast("Not imported", { tone: "danger", description: errorText(error) }),
    });
  };
  return (
    <>
      <input
        ref={field}
        type="file"
        accept=".tar,application/x-tar"
        aria-label="Bundle of a session"
        className="sr-only"
        tabIndex={-1}
        onChange={(event) => {
          onFile(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
      <Button icon="download" busy={bring.isPending} onClick={() => field.current?.click()}>
        Import a session
      </Button>
    </>
  );
}
