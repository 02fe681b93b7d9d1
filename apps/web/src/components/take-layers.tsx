import { isFinished, type Take } from "@arc-fabric/contract";
import { useEffect, useState, type ReactNode, type RefObject } from "react";
import { client } from "../api/client.ts";
import type { LiveClip } from "../api/live-clip.ts";
import type { Step } from "../api/take-cache.ts";
import { useLiveClip } from "../api/use-live-clip.ts";
import { Icon } from "../ui/icon.tsx";
import { createStore } from "../util/create-store.ts";
import { progressText } from "../util/take-text.ts";
import { LiveCanvas } from "./live-canvas.tsx";
import { StripCanvas } from "./strip-canvas.tsx";

/** The video takes over after this even if the live picture has not come to its end. */
const HANDOVER_MS = 6_000;
/** In place of a live picture where there is none. */
const NEVER = createStore(false);
const EMPTY = createStore<"empty" | "forming" | "finishing">("empty");

/** The picture at a step; where none was made while it ran, the server computes it when it is asked for. */
const pictureOf = (takeId: string, { step, has_preview }: Step): string =>
  has_preview ? client.takes.statePreviewUrl(takeId, step) : client.takes.draftUrl(takeId, step);

/** What is to be seen of a take now: its live picture, its video, or neither yet. */
export function useTakePicture(take: Take) {
  const live = useLiveClip(take);
  const handover = useHandover(take, live);
  const video =
    take.status === "completed"
      ? take.artifacts.find((artifact) => artifact.kind === "video")
      : undefined;
  const thumbnail = take.artifacts.find((artifact) => artifact.kind === "thumbnail");
  return {
    live,
    handover,
    video,
    poster: thumbnail && client.artifacts.contentUrl(thumbnail.id),
  };
}

interface TakeLayersProps {
  take: Take;
  steps: readonly Step[];
  /** null = the newest picture or the finished video. */
  step: number | null;
  picture: ReturnType<typeof useTakePicture>;
  /** A step's picture follows this video, so that both show the same moment of the clip. */
  clock?: RefObject<HTMLVideoElement | null>;
}

/** The layers over a take's video at every moment of its life: waiting, forming, an earlier step, or how it ended. */
export function TakeLayers({ take, steps, step, picture, clock }: TakeLayersProps) {
  const { live, handover, video } = picture;
  const { width, height, prompt } = take.parameters;
  const stored = steps.find((known) => known.step === step);
  // A clip keeps its last picture when its take ends badly; then the ending is shown instead.
  const shown =
    stored !== undefined || (live !== null && handover.showLive && handover.stage !== "empty");
  return (
    <>
      {!video && !shown && (
        <Waiting
          take={take}
          lastStep={steps.findLast((known) => known.has_preview)?.step ?? null}
        />
      )}
      {live && handover.showLive && (
        <Layer hidden={handover.stage === "empty"}>
          <LiveCanvas
            clip={live}
            width={width}
            height={height}
            label={`Live picture of: ${prompt}`}
            onShown={handover.onLiveShown}
          />
        </Layer>
      )}
      {stored && <StepLayer take={take} step={stored} clock={clock} />}
    </>
  );
}

function StepLayer({
  take,
  step,
  clock,
}: {
  take: Take;
  step: Step;
  clock: RefObject<HTMLVideoElement | null> | undefined;
}) {
  const { width, height, fps } = take.parameters;
  return (
    <Layer>
      <StripCanvas
        src={pictureOf(take.id, step)}
        width={width}
        height={height}
        fps={fps}
        label={`The clip after step ${step.step}`}
        clock={clock}
      />
      <span className="absolute top-3 left-3 rounded-full bg-black/65 px-2.5 py-1 text-xs font-medium text-white backdrop-blur-sm">
        After step {step.step}
      </span>
    </Layer>
  );
}

function Layer({ hidden = false, children }: { hidden?: boolean; children: ReactNode }) {
  return <div className={`absolute inset-0 bg-stage ${hidden ? "invisible" : ""}`}>{children}</div>;
}

/** Keeps the live picture until the video is ready to stand in its place, without a jump. */
function useHandover(take: Take, live: LiveClip | null) {
  const [videoReady, setVideoReady] = useState(false);
  const liveEnded = (live?.ended ?? NEVER).use();
  const stage = (live?.stage ?? EMPTY).use();
  const [liveShown, setLiveShown] = useState(false);
  const completed = take.status === "completed";
  useEffect(() => {
    setVideoReady(false);
    setLiveShown(false);
  }, [take.id, live]);
  useEffect(() => {
    if (!completed) return;
    const timer = setTimeout(() => setLiveShown(true), HANDOVER_MS);
    return () => clearTimeout(timer);
  }, [completed, take.id, live]);
  const nothingToShow = liveEnded && stage !== "finishing";
  return {
    stage,
    showLive:
      !isFinished(take.status) || (completed && !(videoReady && (liveShown || nothingToShow))),
    onVideoReady: () => setVideoReady(true),
    onLiveShown: () => setLiveShown(true),
  };
}

/** What stands where a picture will be, or would have been. */
function Waiting({ take, lastStep }: { take: Take; lastStep: number | null }) {
  const ended = take.status === "failed" || take.status === "cancelled";
  const title =
    take.status === "failed"
      ? "This take failed"
      : take.status === "cancelled"
        ? "Cancelled"
        : progressText(take, 0).title;
  return (
    <>
      {lastStep !== null && (
        <div className={`absolute inset-0 ${ended ? "opacity-35 blur-[2px] saturate-50" : ""}`}>
          <StripCanvas
            src={client.takes.statePreviewUrl(take.id, lastStep)}
            width={take.parameters.width}
            height={take.parameters.height}
            fps={take.parameters.fps}
            label={`The clip after step ${lastStep}`}
          />
        </div>
      )}
      {lastStep === null && !ended && <div className="forming" aria-hidden="true" />}
      {(ended || lastStep === null) && (
        <div className="absolute inset-0 grid place-items-center">
          <div className="flex flex-col items-center gap-2 rounded-2xl bg-surface/80 px-5 py-4 text-center backdrop-blur-sm">
            <Icon
              name={
                take.status === "failed"
                  ? "warning"
                  : take.status === "cancelled"
                    ? "close"
                    : "clock"
              }
              className={`size-6 ${take.status === "failed" ? "text-danger" : "text-muted"}`}
            />
            <p className="font-semibold">{title}</p>
            {ended && (
              <p className="text-sm text-muted">
                {take.progress.step > 0
                  ? `after step ${take.progress.step} of ${take.progress.total_steps}`
                  : "before its first step"}
              </p>
            )}
          </div>
        </div>
      )}
    </>
  );
}
