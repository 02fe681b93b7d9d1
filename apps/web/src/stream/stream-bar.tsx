import type { Stream, Take } from "@arc-fabric/contract";
import type { ReactElement } from "react";
import { describeError } from "../api/describe-error.ts";
import {
  useFinalizeStream,
  usePauseStream,
  useResumeStream,
  useRewindStream,
} from "../api/streams.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { toast } from "../ui/toaster.tsx";
import { formatSeconds, plural } from "../util/format.ts";
import { progressText } from "../util/take-text.ts";
import { streamWords, type Block } from "./blocks.ts";

interface StreamBarProps {
  stream: Stream;
  blocks: readonly Block[];
  watching: boolean;
  /** The block to go back to, by its number; null where there is none or the stream goes on from it anyway. */
  back: { take: Take; number: number } | null;
  onWatch: () => void;
  onMade: (take: Take) => void;
}

/** Blocks that a stream gets beyond those it was to have. */
const MORE_BLOCKS = 4;
/** What the contract allows. */
export const MAX_BLOCKS = 200;

/** Where the stream stands, and what can be done with it as a whole. */
export function StreamBar(props: StreamBarProps) {
  const { stream, blocks, watching, back, onWatch } = props;
  const words = streamWords(stream);
  const forming = blocks.find(({ take }) => take.id === stream.next_take_id)?.take;
  const last = blocks.at(-1);
  const frames = last ? last.from + last.frames : 0;
  return (
    <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1.5 px-3 pt-2 pb-1">
      <h2 className="text-sm font-semibold">Stream</h2>
      <Badge tone={words.tone} active={words.active}>
        {words.text}
      </Badge>
      <span
        className={`text-xs whitespace-nowrap text-muted tabular max-md:hidden ${back ? "max-xl:hidden" : ""}`}
      >
        {forming
          ? progressText(forming, 0).detail || progressText(forming, 0).title
          : last &&
            `${plural(frames, "frame")}, ${formatSeconds(frames / last.take.parameters.fps)}`}
      </span>
      <span className="flex-1" />
      <div className="flex flex-wrap gap-1.5">
        {!watching && blocks.length > 0 && (
          <Button size="small" icon="play" onClick={onWatch}>
            Whole stream
          </Button>
        )}
        {back && <GoBack {...props} back={back} />}
        {stream.status !== "ended" && <PauseOrGoOn stream={stream} second={back !== null} />}
        {stream.status !== "ended" && stream.blocks > 0 && <MakeOneClip {...props} />}
      </div>
      <p role="status" aria-live="polite" className="sr-only">
        {`Stream: ${words.text}.`}
      </p>
    </div>
  );
}

/** What is clicked may be gone before the answer is there, so nothing of it hangs on its being shown. */
const failed = (title: string) => (error: unknown) =>
  toast(title, { tone: "danger", description: describeError(error).message });

/** A paused stream goes on with its next block; one that has all its blocks gets some more. */
function PauseOrGoOn({ stream, second }: { stream: Stream; second: boolean }) {
  const pause = usePauseStream();
  const resume = useResumeStream();
  const { status, blocks, max_blocks: most, next_take_id: next } = stream;
  if (status === "running")
    return (
      <Button
        size="small"
        icon="pause"
        busy={pause.isPending}
        aria-label="Pause the stream"
        title="The block that forms is finished first"
        onClick={() => void pause.mutateAsync(stream).catch(failed("Not paused"))}
      >
        Pause
      </Button>
    );
  // The first clip could not be made: there is nothing to go on from.
  if (blocks === 0 && !next) return null;
  const more = blocks + (next ? 1 : 0) >= most ? Math.min(MORE_BLOCKS, MAX_BLOCKS - blocks) : 0;
  if (blocks >= MAX_BLOCKS) return null;
  return (
    <Button
      size="small"
      look={second ? "secondary" : "primary"}
      icon={more > 0 ? "plus" : stream.error ? "again" : "grow"}
      busy={resume.isPending}
      onClick={() => void resume.mutateAsync({ stream, blocks: more }).catch(failed("Not gone on"))}
    >
      {more > 0 ? `${plural(more, "more block")}` : stream.error ? "Try again" : "Go on"}
    </Button>
  );
}

function GoBack({ stream, back }: StreamBarProps & { back: { take: Take; number: number } }) {
  const rewind = useRewindStream();
  return (
    <Button
      size="small"
      look="primary"
      icon="branch"
      busy={rewind.isPending}
      title="What was made after it stays in the tree"
      onClick={() =>
        void rewind
          .mutateAsync({ stream, takeId: back.take.id })
          .then(() =>
            toast(`The stream goes on from block ${back.number}`, {
              description: "What was made after it stays in the tree.",
            }),
          )
          .catch(failed("Not gone back"))
      }
    >
      {`Go on from block ${back.number}`}
    </Button>
  );
}

function MakeOneClip({ stream, onMade }: StreamBarProps) {
  const finalize = useFinalizeStream();
  const { blocks, next_take_id: next } = stream;
  const trigger: ReactElement = (
    <Button size="small" icon="check" busy={finalize.isPending}>
      Make one clip
    </Button>
  );
  return (
    <ConfirmDialog
      trigger={trigger}
      title={blocks === 1 ? "End the stream here?" : `Make one clip of ${blocks} blocks?`}
      confirmLabel="Make one clip"
      cancelLabel="Not yet"
      look="primary"
      onConfirm={() => void finalize.mutateAsync(stream).then(onMade, failed("Not put together"))}
    >
      {`The stream ends with block ${blocks}; every block stays in the tree.`}
      {next && ` Block ${blocks + 1}, which forms now, is not part of the clip.`}
    </ConfirmDialog>
  );
}
