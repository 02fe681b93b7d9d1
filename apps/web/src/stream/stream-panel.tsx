import type { Model, Stream, StreamChanges, Take } from "@arc-fabric/contract";
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { Link } from "react-router";
import { describeError, describeRecord } from "../api/describe-error.ts";
import { useChangeStream } from "../api/streams.ts";
import { ErrorCard } from "../components/error-card.tsx";
import { MoreFields } from "../editor/change-fields.tsx";
import { paths } from "../paths.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { PromptArea } from "../ui/prompt-area.tsx";
import { SliderField } from "../ui/slider-field.tsx";
import { formatSeconds } from "../util/format.ts";
import { blocksToCome, nextNumber } from "./blocks.ts";
import { MAX_BLOCKS } from "./stream-bar.tsx";

/** What is typed and not in force yet; null = nothing. */
export type StreamDraft = StreamChanges;

interface StreamPanelProps {
  stream: Stream;
  model: Model | undefined;
  fps: number;
  /** Kept by the editor, so that looking at a block does not lose it. */
  draft: StreamDraft;
  onDraft: (draft: StreamDraft) => void;
  /** What an ended stream became. */
  clip: Take | null;
  onOpen: (takeId: string) => void;
  /** Grows each time that the prompt is asked for. */
  focusPrompt: number;
}

/** What the blocks to come are made with: it takes effect with the next one that begins. */
export function StreamPanel(props: StreamPanelProps) {
  const { stream, draft, onDraft } = props;
  const change = useChangeStream();
  const [said, setSaid] = useState("");
  const changes = changed(stream, draft);
  const count = Object.keys(changes).length;
  const next = nextNumber(stream);
  const submit = () => {
    if (count === 0 || change.isPending) return;
    change.mutate(
      { stream, changes },
      {
        // A block may have begun meanwhile: the answer tells which ones this came in time for.
        onSuccess(now) {
          onDraft({});
          setSaid(inForce(now));
        },
      },
    );
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    submit();
  };
  const set = (more: StreamDraft) => {
    setSaid("");
    onDraft({ ...draft, ...more });
  };

  return (
    <aside
      aria-label="Blocks to come"
      className="flex min-h-0 min-w-0 flex-col overflow-y-auto border-line bg-surface lg:border-l"
    >
      <div className="border-b border-line p-4">
        <h2 className="text-base leading-snug font-semibold">
          {stream.status === "ended" ? "The stream has ended" : "Blocks to come"}
        </h2>
        <p className="mt-1 text-[0.8125rem] text-muted">{hint(stream, next)}</p>
      </div>
      <form onSubmit={onSubmit} className="flex flex-1 flex-col gap-4 p-4">
        <Problem stream={stream} />
        {props.clip && (
          <Button icon="film" onClick={() => props.onOpen(props.clip!.id)} className="self-start">
            Open the clip
          </Button>
        )}
        {stream.status !== "ended" && (
          <>
            <Prompt {...props} label={`Prompt from block ${next} on`} set={set} submit={submit} />
            <Fields {...props} set={set} />
            <Submit
              label={`Use from block ${next} on`}
              words={count > 0 ? "Not in force yet." : said}
              ready={count > 0}
              busy={change.isPending}
              error={change.error}
              onUndo={() => onDraft({})}
            />
          </>
        )}
      </form>
    </aside>
  );
}

interface SubmitProps {
  label: string;
  words: string;
  ready: boolean;
  busy: boolean;
  error: Error | null;
  onUndo: () => void;
}

function Submit({ label, words, ready, busy, error, onUndo }: SubmitProps) {
  return (
    <div className="sticky bottom-0 -mx-4 -mb-4 flex flex-col gap-2 border-t border-line bg-surface px-4 pt-2.5 pb-4">
      <p role="status" className="min-h-5 text-[0.8125rem] text-muted">
        {words}
      </p>
      {error && <ErrorCard error={describeError(error)} />}
      <div className="flex gap-2">
        <Button
          type="submit"
          look="primary"
          icon="check"
          busy={busy}
          disabled={!ready}
          aria-keyshortcuts="Control+Enter Meta+Enter"
          className="flex-1"
        >
          {label}
        </Button>
        {ready && (
          <Button look="quiet" onClick={onUndo}>
            Undo
          </Button>
        )}
      </div>
    </div>
  );
}

function hint(stream: Stream, next: number): string {
  if (stream.status === "ended")
    return "Its blocks became one clip. Any block can still be worked on as a take of its own.";
  if (blocksToCome(stream) === 0) return "All blocks are made. Add some, and they begin with this.";
  if (!stream.next_take_id) return `Block ${next} begins with this when the stream goes on.`;
  return `Block ${next - 1} is finished as it is, block ${next} begins with this.`;
}

function inForce(stream: Stream): string {
  const next = nextNumber(stream);
  return blocksToCome(stream) === 0
    ? `All blocks had begun: in force from block ${next} on, once more are added.`
    : `In force from block ${next} on.`;
}

/** Only what differs from what is in force. */
function changed(stream: Stream, draft: StreamDraft): StreamChanges {
  const names = Object.keys(draft) as (keyof StreamDraft)[];
  const prompt = draft.prompt?.trim();
  const { prompt: _, ...rest } = Object.fromEntries(
    names.filter((name) => draft[name] !== stream[name]).map((name) => [name, draft[name]]),
  ) as StreamChanges;
  return { ...rest, ...(prompt && prompt !== stream.prompt && { prompt }) };
}

/** Why the stream stopped. What can be tried again is tried again by going on. */
function Problem({ stream }: { stream: Stream }) {
  const { error, head_take_id: head, next_take_id: next, status } = stream;
  const nothing = !head && !next && status !== "ended";
  if (!error && !nothing) return null;
  if (!error)
    return (
      <p className="text-[0.8125rem] text-muted">
        The first block was cancelled, so there is nothing to go on from.{" "}
        <Link to={paths.create()} className="font-medium text-accent-text underline">
          Start a new stream
        </Link>
      </p>
    );
  return (
    <ErrorCard error={describeRecord(error)}>
      {nothing && (
        <Link to={paths.create()} className={buttonClass("secondary", "small")}>
          Start a new stream
        </Link>
      )}
    </ErrorCard>
  );
}

interface FieldProps extends StreamPanelProps {
  set: (more: StreamDraft) => void;
}

function Prompt(props: FieldProps & { label: string; submit: () => void }) {
  const { stream, draft, set, label, submit, focusPrompt } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (focusPrompt === 0) return;
    field.current?.focus();
    field.current?.select();
  }, [focusPrompt]);
  return (
    <PromptArea
      label={label}
      value={draft.prompt ?? stream.prompt}
      onChange={(prompt) => set({ prompt })}
      onSubmit={submit}
      field={field}
    />
  );
}

function Fields({ stream, model, fps, draft, set }: FieldProps) {
  const id = useId();
  const begun = Math.max(1, nextNumber(stream) - 1);
  const most = draft.max_blocks ?? stream.max_blocks;
  const { guidance_scale: guidance, num_inference_steps: steps } = { ...stream, ...draft };
  const limits = model?.limits;
  return (
    <>
      <SliderField
        label="Blocks in all"
        {...(most > begun && {
          note: `${formatSeconds(((most - begun) * stream.block_frames) / fps)} to come`,
        })}
        value={most}
        min={begun}
        max={Math.min(MAX_BLOCKS, Math.max(40, begun + 20, most))}
        step={1}
        onChange={(max_blocks) => set({ max_blocks })}
      />
      <MoreFields>
        <SliderField
          label="Steps per block"
          value={steps}
          {...(limits?.num_inference_steps ?? { min: 1, max: 100, step: 1 })}
          onChange={(num_inference_steps) => set({ num_inference_steps })}
        />
        <SliderField
          label="Guidance"
          value={guidance}
          {...(limits?.guidance_scale ?? { min: 0, max: 15 })}
          step={0.1}
          onChange={(guidance_scale) => set({ guidance_scale })}
        />
        <div>
          <label htmlFor={id} className="label mb-1.5 block">
            Negative prompt
          </label>
          <textarea
            id={id}
            rows={2}
            value={draft.negative_prompt ?? stream.negative_prompt}
            placeholder="What should not be seen"
            onChange={(event) => set({ negative_prompt: event.target.value })}
            className="field w-full resize-none px-3 py-2 text-sm"
          />
        </div>
      </MoreFields>
    </>
  );
}
