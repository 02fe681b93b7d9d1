import type { Model, Take } from "@arc-fabric/contract";
import { memo, useRef, type FormEvent } from "react";
import { Link } from "react-router";
import { describeError } from "../api/describe-error.ts";
import { useCreateTake, useEstimate } from "../api/takes.ts";
import { requestFrom, useDraft, type Draft } from "../stores/draft.ts";
import { useSettled } from "../hooks/use-settled.ts";
import { paths } from "../paths.ts";
import { Button } from "../ui/button.tsx";
import { formatSeconds } from "../util/format.ts";
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

/** So that typing does not ask with every letter. */
const SETTLE_MS = 400;
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
        {sessionId && (
          <p className="mt-4 flex items-center justify-between gap-3 rounded-lg bg-accent-soft px-3 py-2 text-[0.8125rem] text-accent-text">
            <span>It goes into the session you come from.</span>
            <Link to={paths.create()} className="rounded-md font-semibold underline">
              Start a new one
            </Link>
          </p>
        )}
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
        <Estimate model={model} draft={draft} />
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
      <Settings model={model} models={models} draft={draft} lastSeed={lastSeed} />
      <ModelCard model={model} models={models} />
    </form>
  );
});

/** What it will take on this machine, from steps that were measured; nothing where none were. */
function Estimate({ model, draft }: { model: Model; draft: Draft }) {
  const estimate = useEstimate(useSettled(requestFrom(draft, model), SETTLE_MS));
  if (!estimate) return null;
  const { seconds, steps_reused: reused } = estimate;
  return (
    <p className="mt-2 text-center text-xs text-muted tabular">
      {`About ${formatSeconds(seconds)}`}
      {reused > 0 && `, ${reused} steps are there already`}
    </p>
  );
}
