import { isFinished, type Take } from "@arc-fabric/contract";
import { useEffect, useState } from "react";
import { useCancelTake } from "../api/takes.ts";
import { usePauseTake, useResumeTake } from "../api/trajectory.ts";
import { useNow } from "../hooks/use-now.ts";
import { Button } from "../ui/button.tsx";
import { ProgressBar } from "../ui/progress-bar.tsx";
import { toast } from "../ui/toaster.tsx";
import { describeError } from "../api/describe-error.ts";
import { progressText, STATUS_TEXT } from "../util/take-text.ts";

/** Where an unfinished take stands, with the button that stops it. */
export function TakeProgress({ take }: { take: Take }) {
  const cancel = useCancelTake();
  const [toldAtMs, setToldAtMs] = useState(() => Date.now());
  useEffect(() => setToldAtMs(Date.now()), [take.progress]);
  const now = useNow(500);
  const { title, detail, fraction } = progressText(take, Math.max(0, now - toldAtMs));
  const onCancel = () =>
    cancel.mutate(take.id, {
      onError: (error) =>
        toast("Not cancelled", { tone: "danger", description: describeError(error).message }),
    });

  return (
    <div className="flex items-center gap-4 px-4 py-3">
      <div className="min-w-0 flex-1">
        <div className="mb-2 flex flex-wrap items-baseline justify-between gap-x-3">
          <span className="text-sm font-semibold">{title}</span>
          <span className="text-[0.8125rem] text-muted tabular">{detail}</span>
        </div>
        <ProgressBar
          label="Progress of this take"
          text={`${title}, ${detail}`}
          fraction={fraction}
        />
      </div>
      <div className="flex gap-2">
        <PauseButton take={take} />
        <Button size="small" icon="close" busy={cancel.isPending} onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </div>
  );
}

/** Pauses at the end of the present step, or lets a take go on from there. */
function PauseButton({ take }: { take: Take }) {
  const pause = usePauseTake();
  const resume = useResumeTake();
  const paused = take.status === "paused" || take.pause_requested;
  const { mutate, isPending } = paused ? resume : pause;
  const onError = (error: unknown) =>
    toast(paused ? "Not resumed" : "Not paused", {
      tone: "danger",
      description: describeError(error).message,
    });
  return (
    <Button
      size="small"
      look={take.status === "paused" ? "primary" : "secondary"}
      icon={paused ? "play" : "pause"}
      busy={isPending}
      onClick={() => mutate(take.id, { onError })}
    >
      {paused ? "Resume" : "Pause take"}
    </Button>
  );
}

/** Tells a screen reader about a take in few words: every phase, every quarter of the steps, and the end. */
export function TakeAnnouncer({ take }: { take: Take }) {
  return (
    <p role="status" aria-live="polite" className="sr-only">
      {announcement(take)}
    </p>
  );
}

/** Stays the same within a quarter of the steps: telling every one would be chatter. */
function announcement(take: Take): string {
  // The alert beside it tells of a failure.
  if (take.status === "failed") return "";
  if (isFinished(take.status))
    return `The take is ${STATUS_TEXT[take.status].label.toLowerCase()}.`;
  const { phase, step, total_steps: total } = take.progress;
  const { title, detail } = progressText(take, 0);
  if (phase !== "denoising" || take.status === "queued") return `${title}. ${detail}`;
  const quarter = Math.floor((step / total) * 4);
  return quarter === 0 ? `${title}.` : `${title}. ${quarter * 25} percent.`;
}
