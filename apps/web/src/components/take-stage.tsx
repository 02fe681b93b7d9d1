import { isFinished, type Take } from "@arc-fabric/contract";
import { useEffect, useState, type ReactNode } from "react";
import { client } from "../api/client.ts";
import type { LiveClip } from "../api/live-clip.ts";
import { useSteps } from "../api/takes.ts";
import { useLiveClip } from "../api/use-live-clip.ts";
import { Icon } from "../ui/icon.tsx";
import { createStore } from "../util/create-store.ts";
import { progressText } from "../util/take-text.ts";
import { LiveCanvas } from "./live-canvas.tsx";
import { Player } from "./player.tsx";
import { StepFilmstrip } from "./step-filmstrip.tsx";
import { StripCanvas } from "./strip-canvas.tsx";
import { TakeAnnouncer, TakeProgress } from "./take-progress.tsx";

/** The video takes over after this even if the live picture has not come to its end. */
const HANDOVER_MS = 6_000;
/** In place of a live picture where there is none. */
const NEVER = createStore(false);
const EMPTY = createStore<"empty" | "forming" | "finishing">("empty");

/** The picture of a take at every moment of its life: waiting, forming, playing, or how it ended. */
export function TakeStage({ take }: { take: Take }) {
  const steps = useSteps(take.id).data ?? [];
  const live = useLiveClip(take);
  const [selected, setSelected] = useState<number | null>(null);
  const handover = useHandover(take, live);
  const { width, height, prompt } = take.parameters;
  const video =
    take.status === "completed"
      ? take.artifacts.find((artifact) => artifact.kind === "video")
      : undefined;
  const poster = take.artifacts.find((artifact) => artifact.kind === "thumbnail");
  const stepSelected = selected !== null && steps.some((step) => step.step === selected);

  // A clip keeps its last picture when its take ends badly; then the ending is shown instead.
  const picture =
    stepSelected || (live !== null && handover.showLive && handover.stage !== "empty");

  return (
    <section aria-label="Take" className="card overflow-clip shadow-card">
      <Player
        take={take}
        video={video}
        poster={poster && client.artifacts.contentUrl(poster.id)}
        onReady={handover.onVideoReady}
      >
        {!video && !picture && (
          <Waiting
            take={take}
            lastStep={steps.findLast((step) => step.has_preview)?.step ?? null}
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
        {stepSelected && <StepLayer take={take} step={selected} />}
      </Player>
      {!isFinished(take.status) && <TakeProgress take={take} />}
      <StepFilmstrip
        take={take}
        steps={steps}
        selected={stepSelected ? selected : null}
        onSelect={setSelected}
      />
      <TakeAnnouncer take={take} />
    </section>
  );
}

function StepLayer({ take, step }: { take: Take; step: number }) {
  const { width, height, fps } = take.parameters;
  return (
    <Layer>
      <StripCanvas
        src={client.takes.statePreviewUrl(take.id, step)}
        width={width}
        height={height}
        fps={fps}
        label={`The clip after step ${step}`}
      />
      <span className="absolute top-3 left-3 rounded-full bg-black/65 px-2.5 py-1 text-xs font-medium text-white backdrop-blur-sm">
        After step {step}
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
