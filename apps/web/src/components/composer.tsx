import type { Model, Stream, Take, TakeRequest } from "@arc-fabric/contract";
import { memo, useRef, type FormEvent } from "react";
import { Link } from "react-router";
import { describeError } from "../api/describe-error.ts";
import { useCreateStream } from "../api/streams.ts";
import { useCreateTake, useEstimate } from "../api/takes.ts";
import {
  canStream,
  requestFrom,
  streamRequestFrom,
  useDraft,
  type Draft,
} from "../stores/draft.ts";
import { useSettled } from "../hooks/use-settled.ts";
import { paths } from "../paths.ts";
import { Button } from "../ui/button.tsx";
import { formatSeconds } from "../util/format.ts";
import { ErrorCard } from "./error-card.tsx";
import { ModelCard } from "./model-card.tsx";
import { Settings } from "./settings.tsx";
import { PromptBox } from "./prompt-box.tsx";
import { StreamField } from "./stream-field.tsx";

interface ComposerProps {
  model: Model;
  models: readonly Model[];
  /** Of the newest take, for "keep this seed". */
  lastSeed: number | null;
  /** Where the take is to go; null = a session of its own. */
  sessionId: string | null;
  onCreated: (take: Take) => void;
  onStream: (stream: Stream) => void;
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
  onStream,
}: ComposerProps) {
  const mayStream = canStream(model) && sessionId === null;
  const { stream, ...rest } = useDraft();
  const draft = { ...rest, stream: mayStream ? stream : null };
  const make = useMake({ model, sessionId, onCreated, onStream });
  const field = useRef<HTMLTextAreaElement>(null);
  const empty = draft.prompt.trim() === "";
  const tooLong = draft.prompt.length > model.limits.prompt_chars;
  const { isPending, error } = draft.stream ? make.stream : make.take;

  const submit = () => {
    if (isPending) return;
    if (empty || tooLong) return field.current?.focus();
    make.start(draft);
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    submit();
  };

  return (
    <form onSubmit={onSubmit} aria-label="New take" className="flex flex-col gap-4">
      <div className="card p-4 shadow-card">
        <PromptBox model={model} prompt={draft.prompt} field={field} onSubmit={submit} />
        {sessionId && <SessionNote />}
        {mayStream && (
          <div className="mt-5">
            <StreamField model={model} draft={draft} />
          </div>
        )}
        <Button
          type="submit"
          look="primary"
          size="large"
          icon="spark"
          busy={isPending}
          className="mt-4 w-full"
          aria-keyshortcuts="Control+Enter Meta+Enter"
        >
          {draft.stream ? "Start the stream" : "Generate"}
          <kbd className="ml-1 hidden font-sans text-xs font-medium opacity-75 sm:inline">
            {IS_MAC ? "⌘" : "Ctrl"} ↵
          </kbd>
        </Button>
        <Estimate model={model} draft={draft} />
        {error && (
          <div className="mt-4">
            <ErrorCard error={describeError(error)} onRetry={submit} retrying={isPending} />
          </div>
        )}
      </div>
      <Settings model={model} models={models} draft={draft} lastSeed={lastSeed} />
      <ModelCard model={model} models={models} draft={draft} />
    </form>
  );
});

type Making = Pick<ComposerProps, "model" | "sessionId" | "onCreated" | "onStream">;

/** Makes what the draft says: a clip or a stream. */
function useMake({ model, sessionId, onCreated, onStream }: Making) {
  const take = useCreateTake();
  const stream = useCreateStream();
  const start = (draft: Draft) =>
    draft.stream
      ? stream.mutate(streamRequestFrom(draft, model), { onSuccess: onStream })
      : take.mutate({ request: requestFrom(draft, model), sessionId }, { onSuccess: onCreated });
  return { take, stream, start };
}

function SessionNote() {
  return (
    <p className="mt-4 flex items-center justify-between gap-3 rounded-lg bg-accent-soft px-3 py-2 text-[0.8125rem] text-accent-text">
      <span>It goes into the session you come from.</span>
      <Link to={paths.create()} className="rounded-md font-semibold underline">
        Start a new one
      </Link>
    </p>
  );
}

/** What it will take on this machine, from steps that were measured; nothing where none were. */
function Estimate({ model, draft }: { model: Model; draft: Draft }) {
  const request = draft.stream ? firstBlock(draft, model) : requestFrom(draft, model);
  const estimate = useEstimate(useSettled(request, SETTLE_MS));
  if (!estimate) return null;
  const { seconds, steps_reused: reused } = estimate;
  return (
    <p className="mt-2 text-center text-xs text-muted tabular">
      {`About ${formatSeconds(seconds)}${draft.stream ? " for the first block" : ""}`}
      {reused > 0 && `, ${reused} steps are there already`}
    </p>
  );
}

/** What a stream begins with, as the take that it is. */
function firstBlock(draft: Draft, model: Model): TakeRequest {
  const { max_blocks: _, block_frames: __, ...request } = streamRequestFrom(draft, model);
  return request;
}
