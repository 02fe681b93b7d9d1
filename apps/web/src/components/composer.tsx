import type { Model, Take } from "@arc-fabric/contract";
import { memo, useRef, type FormEvent } from "react";
import { describeError } from "../api/describe-error.ts";
import { useCreateTake } from "../api/takes.ts";
import { requestFrom, useDraft } from "../stores/draft.ts";
import { Button } from "../ui/button.tsx";
import { ErrorCard } from "./error-card.tsx";
import { ModelCard } from "./model-card.tsx";
import { Settings } from "./settings.tsx";
import { PromptBox } from "./prompt-box.tsx";

interface ComposerProps {
  model: Model;
  models: readonly Model[];
  /** Of the newest take, for "keep this seed". */
  lastSeed: number | null;
  /** Where the take is to go; null = a session of its own. */
  sessionId: string | null;
  onCreated: (take: Take) => void;
}

const IS_MAC = navigator.platform.startsWith("Mac");

/** From a prompt and some settings to a take. Not drawn again for every step of one: the picture needs the time. */
export const Composer = memo(function Composer({
  model,
  models,
  lastSeed,
  sessionId,
  onCreated,
}: ComposerProps) {
  const draft = useDraft();
  const create = useCreateTake();
  const field = useRef<HTMLTextAreaElement>(null);
  const empty = draft.prompt.trim() === "";
  const tooLong = draft.prompt.length > model.limits.prompt_chars;

  const submit = () => {
    if (create.isPending) return;
    if (empty || tooLong) return field.current?.focus();
    create.mutate({ request: requestFrom(draft, model), sessionId }, { onSuccess: onCreated });
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    submit();
  };

  return (
    <form onSubmit={onSubmit} aria-label="New take" className="flex flex-col gap-4">
      <div className="card p-4 shadow-card">
        <PromptBox model={model} prompt={draft.prompt} field={field} onSubmit={submit} />
        <Button
          type="submit"
          look="primary"
          size="large"
          icon="spark"
          busy={create.isPending}
          className="mt-5 w-full"
          aria-keyshortcuts="Control+Enter Meta+Enter"
        >
          Generate
          <kbd className="ml-1 hidden font-sans text-xs font-medium opacity-75 sm:inline">
            {IS_MAC ? "⌘" : "Ctrl"} ↵
          </kbd>
        </Button>
        {create.isError && (
          <div className="mt-4">
            <ErrorCard
              error={describeError(create.error)}
              onRetry={submit}
              retrying={create.isPending}
            />
          </div>
        )}
      </div>
      <Settings model={model} draft={draft} lastSeed={lastSeed} />
      <ModelCard model={model} models={models} />
    </form>
  );
});
