import { ALLOWED_TAKE_ACTIONS, type EditProof, type Take } from "@arc-fabric/contract";
import { useState } from "react";
import { client } from "../api/client.ts";
import { describeError } from "../api/describe-error.ts";
import { useUpdateTake } from "../api/trajectory.ts";
import { DeleteTake } from "../components/delete-take.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { toast } from "../ui/toaster.tsx";
import { formatSeconds, plural } from "../util/format.ts";
import { STATUS_TEXT } from "../util/take-text.ts";
import { InlineText } from "./inline-text.tsx";
import { originWords } from "./take-tree.ts";

interface TakeHeaderProps {
  take: Take;
  /** Its place in a stream; null where it has none. */
  block: number | null;
  isHead: boolean;
  onHead: () => void;
  onDeleted: () => void;
}

/** Name, tags, what is known of it at a glance, and what concerns it as a whole. */
export function TakeHeader(props: TakeHeaderProps) {
  const { take, block } = props;
  const update = useUpdateTake();
  const change = (changes: { title?: string | null; tags?: string[] }) =>
    update.mutate(
      { id: take.id, ...changes },
      {
        onError: (error) =>
          toast("Not changed", { tone: "danger", description: describeError(error).message }),
      },
    );
  const status = STATUS_TEXT[take.status];
  return (
    <div className="flex flex-col gap-2.5 border-b border-line p-4">
      <div className="flex items-start gap-2">
        <h2 className="min-w-0 flex-1 text-base leading-snug font-semibold">
          <InlineText
            label="Name of this take"
            value={take.title ?? ""}
            placeholder={originWords(take, block)}
            onSave={(title) => change({ title: title || null })}
          />
        </h2>
        <TakeButtons {...props} />
      </div>
      <p className="line-clamp-3 text-[0.8125rem] text-muted" title={take.parameters.prompt}>
        {take.title !== null && (
          <span className="text-text">{`${originWords(take, block)} · `}</span>
        )}
        {take.parameters.prompt}
      </p>
      <div className="flex flex-wrap items-center gap-1.5">
        <Badge tone={status.tone} active={status.active}>
          {status.label}
        </Badge>
        {take.steps_reused > 0 && (
          <Badge tone="accent">
            {take.steps_reused} of {plural(take.plan.total_steps, "step")} reused
          </Badge>
        )}
        {take.resumes > 0 && <Badge tone="neutral">resumed {plural(take.resumes, "time")}</Badge>}
        <Tags take={take} onChange={(tags) => change({ tags })} />
      </div>
      {take.proof && <Proof proof={take.proof} />}
    </div>
  );
}

function costWords({ computed, whole_clip: whole }: NonNullable<EditProof["cost"]>): string {
  const words = ({ steps, seconds }: typeof computed) =>
    plural(steps, "step") + (seconds === null ? "" : ` (${formatSeconds(seconds)})`);
  return `It took ${words(computed)}; the whole clip was made with ${words(whole)}.`;
}

/** What an edit left as it was, measured on the result. */
function Proof({ proof }: { proof: EditProof }) {
  const { kept_latents: kept, changed_latents: changed, kept_equal: equal } = proof;
  const share = Math.floor((kept / Math.max(1, kept + changed)) * 1000) / 10;
  const pixels = proof.kept_pixels_equal
    ? "its pixels too"
    : proof.kept_psnr_db !== null
      ? `its pixels within ${proof.kept_psnr_db.toFixed(1)} dB PSNR`
      : null;
  if (kept === 0) return null;
  return (
    <div
      role="note"
      className={`flex gap-2 rounded-lg px-3 py-2 text-[0.8125rem] ${equal ? "bg-accent-soft text-accent-text" : "bg-danger-soft text-danger-text"}`}
    >
      <Icon name={equal ? "shield" : "warning"} className="mt-0.5 size-4" />
      <p>
        <strong className="font-semibold">
          {equal ? "Kept part identical, bit for bit" : "The kept part is not identical"}
        </strong>
        {`: ${share} % of the latents${pixels ? `, ${pixels}` : ""}.`}
        {proof.kept_path === "straight_line" &&
          " It was led along a straight line to them: not all of its steps are stored, or the clip is longer than the model sees at once."}
        {proof.cost && ` ${costWords(proof.cost)}`}
      </p>
    </div>
  );
}

function Tags({ take, onChange }: { take: Take; onChange: (tags: string[]) => void }) {
  const [adding, setAdding] = useState(false);
  const add = (text: string) => {
    setAdding(false);
    const tag = text.trim();
    if (tag && !take.tags.includes(tag)) onChange([...take.tags, tag]);
  };
  return (
    <>
      {take.tags.map((tag) => (
        <span
          key={tag}
          className="inline-flex h-6 items-center gap-1 rounded-full bg-sunken pr-1 pl-2.5 text-xs font-medium"
        >
          {tag}
          <button
            type="button"
            aria-label={`Remove the tag ${tag}`}
            onClick={() => onChange(take.tags.filter((other) => other !== tag))}
            className="grid size-4.5 place-items-center rounded-full text-muted hover:bg-hover hover:text-text"
          >
            <Icon name="close" className="size-3" />
          </button>
        </span>
      ))}
      {adding ? (
        <input
          aria-label="New tag"
          autoFocus
          maxLength={40}
          onBlur={(event) => add(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") add(event.currentTarget.value);
            if (event.key === "Escape") setAdding(false);
          }}
          className="field h-6 w-24 px-2 text-xs"
        />
      ) : (
        <button
          type="button"
          onClick={() => setAdding(true)}
          className="inline-flex h-6 items-center gap-1 rounded-full border border-dashed border-line-strong px-2 text-xs text-muted hover:border-accent hover:text-accent-text"
        >
          <Icon name="plus" className="size-3" />
          Tag
        </button>
      )}
    </>
  );
}

function TakeButtons({ take, isHead, onHead, onDeleted }: TakeHeaderProps) {
  const allowed = ALLOWED_TAKE_ACTIONS[take.status];
  const video = take.artifacts.find((artifact) => artifact.kind === "video");
  return (
    <div className="-my-1 flex shrink-0 items-center">
      <IconButton
        icon="flag"
        label={isHead ? "This is the head: the take you work on" : "Make this the head"}
        pressed={isHead}
        onClick={onHead}
      />
      {allowed.includes("download") && video && (
        <a
          href={client.artifacts.contentUrl(video.id)}
          download={`${take.id}.mp4`}
          aria-label="Download"
          title="Download the video"
          className="inline-grid size-9 place-items-center rounded-control text-muted hover:bg-hover hover:text-text"
        >
          <Icon name="download" />
        </a>
      )}
      <DeleteTake
        take={take}
        onDeleted={onDeleted}
        trigger={() => (
          <Button look="quiet" icon="trash" aria-label="Delete" className="size-9! px-0!" />
        )}
      />
    </div>
  );
}
