import type { Take } from "@arc-fabric/contract";
import { Slider } from "@base-ui/react/slider";
import { useEffect, useRef, useState, type CSSProperties, type RefObject } from "react";
import { client } from "../api/client.ts";
import { useReducedMotion } from "../hooks/use-reduced-motion.ts";
import { IconButton } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { FrameSlider } from "../ui/frame-slider.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { takeName } from "./take-tree.ts";

type Look = "side" | "wipe" | "difference";
const LOOKS = [
  { value: "side", label: "Side by side" },
  { value: "wipe", label: "Wipe" },
  { value: "difference", label: "Difference" },
] as const;

/** Two takes that play the same moment. */
export function CompareView({ a, b }: { a: Take; b: Take }) {
  const [look, setLook] = useState<Look>("side");
  const [wipe, setWipe] = useState(50);
  const { a: first, b: second, clock } = useSyncedVideos();
  const { fps } = a.parameters;
  const frames = Math.max(a.parameters.num_frames, b.parameters.num_frames);
  const aspect = a.parameters.width / a.parameters.height;
  const layered = look !== "side";

  if (a.status !== "completed" || b.status !== "completed")
    return (
      <EmptyState icon="compare" title="Both takes must be completed">
        {`“${takeName(a.status === "completed" ? b : a)}” has no clip to compare yet.`}
      </EmptyState>
    );
  return (
    <section aria-label="Comparison" className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="picture-box grid min-h-64 flex-1 place-items-center bg-stage p-2 sm:p-3">
        <div
          className={`picture relative grid gap-1 overflow-hidden rounded-lg ${layered ? "" : "grid-cols-2"}`}
          style={{ "--aspect": layered ? aspect : aspect * 2 } as CSSProperties}
        >
          <Clip take={a} name="A" video={first} place={layered ? "absolute inset-0" : ""} />
          <Clip
            take={b}
            name="B"
            video={second}
            place={layered ? "absolute inset-0" : ""}
            from={look === "wipe" ? wipe : 0}
          />
          {look === "wipe" && <Wipe value={wipe} onChange={setWipe} />}
          {look === "difference" && <Difference a={first} b={second} take={a} />}
        </div>
      </div>
      <div className="flex flex-wrap items-center gap-x-2 px-2 pt-1 pb-2">
        <Clock clock={clock} fps={fps} frames={frames} />
        <Segmented label="Comparison" value={look} options={LOOKS} onChange={setLook} />
      </div>
    </section>
  );
}

/** Plays both, and goes to a frame of both. */
function Clock(props: {
  clock: ReturnType<typeof useSyncedVideos>["clock"];
  fps: number;
  frames: number;
}) {
  const { clock, fps, frames } = props;
  const frame = Math.min(frames - 1, Math.floor(clock.seconds * fps + 1e-3));
  // The middle of a frame's time, so that rounding never shows its neighbour.
  const go = (to: number) => clock.seek((Math.min(Math.max(to, 0), frames - 1) + 0.5) / fps);
  return (
    <>
      <IconButton
        icon={clock.playing ? "pause" : "play"}
        label={clock.playing ? "Pause" : "Play"}
        onClick={clock.toggle}
      />
      <IconButton icon="previous" label="Previous frame" onClick={() => go(frame - 1)} />
      <IconButton icon="next" label="Next frame" onClick={() => go(frame + 1)} />
      <FrameSlider
        label="Frame of both"
        frame={frame}
        of={frames}
        fps={fps}
        onSeek={go}
        className="mx-2 min-w-40 flex-1"
      />
    </>
  );
}

interface ClipProps {
  take: Take;
  name: "A" | "B";
  video: RefObject<HTMLVideoElement | null>;
  place: string;
  /** Only what is right of this percentage is shown. */
  from?: number;
}

function Clip({ take, name, video, place, from = 0 }: ClipProps) {
  const file = take.artifacts.find((artifact) => artifact.kind === "video");
  const still = useReducedMotion();
  return (
    <div
      className={`relative overflow-hidden ${place}`}
      style={from === 0 ? {} : { clipPath: `inset(0 0 0 ${from}%)` }}
    >
      {file && (
        <video
          ref={video}
          src={client.artifacts.contentUrl(file.id)}
          autoPlay={!still}
          loop={name === "A"}
          muted
          playsInline
          preload="auto"
          aria-label={`${name}: ${takeName(take)}`}
          className="size-full object-contain"
        />
      )}
      <span
        className={`absolute top-2 max-w-[45%] truncate rounded-full bg-black/65 px-2.5 py-1 text-xs font-medium text-white ${name === "A" ? "left-2" : "right-2"}`}
      >
        {`${name} · ${takeName(take)}`}
      </span>
    </div>
  );
}

/** What differs at this moment, brighter than it is so that little can be seen as well. */
function Difference(props: {
  a: RefObject<HTMLVideoElement | null>;
  b: RefObject<HTMLVideoElement | null>;
  take: Take;
}) {
  const { a, b, take } = props;
  const { width, height } = take.parameters;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d", { alpha: false });
    if (!context) return;
    let request = requestAnimationFrame(function paint() {
      request = requestAnimationFrame(paint);
      if (!a.current || !b.current) return;
      context.globalCompositeOperation = "copy";
      context.drawImage(a.current, 0, 0, width, height);
      context.globalCompositeOperation = "difference";
      context.drawImage(b.current, 0, 0, width, height);
    });
    return () => cancelAnimationFrame(request);
  }, [a, b, width, height]);
  return (
    <canvas
      ref={canvas}
      width={width}
      height={height}
      role="img"
      aria-label="The difference at this moment"
      className="absolute inset-0 size-full bg-black brightness-200"
    />
  );
}

/** The border between two pictures: drag it, or move it with the arrow keys. */
function Wipe({ value, onChange }: { value: number; onChange: (value: number) => void }) {
  return (
    <Slider.Root
      value={value}
      min={0}
      max={100}
      step={1}
      thumbAlignment="edge"
      onValueChange={(next) => onChange(next as number)}
      className="absolute inset-0"
    >
      <Slider.Control className="size-full cursor-ew-resize touch-none">
        <Slider.Track className="relative size-full">
          <Slider.Thumb
            aria-label="Border between A and B"
            className="h-full w-0.5 bg-white shadow-float has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <span className="absolute top-1/2 left-1/2 size-6 -translate-1/2 rounded-full border-2 border-white bg-black/50" />
          </Slider.Thumb>
        </Slider.Track>
      </Slider.Control>
    </Slider.Root>
  );
}

/** B may be this far from A before it is brought back, in seconds. */
const DRIFT_S = 0.06;

/** Two videos on the clock of the first. */
function useSyncedVideos() {
  const a = useRef<HTMLVideoElement>(null);
  const b = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState({ playing: false, seconds: 0 });
  useEffect(() => {
    let request = requestAnimationFrame(function follow() {
      request = requestAnimationFrame(follow);
      const [first, second] = [a.current, b.current];
      if (!first || !second) return;
      const target = Math.min(first.currentTime, Math.max(0, second.duration - 0.001) || 0);
      if (!second.seeking && Math.abs(second.currentTime - target) > DRIFT_S)
        second.currentTime = target;
      const ended = second.duration > 0 && first.currentTime >= second.duration;
      if (first.paused || ended) second.pause();
      else if (second.paused) second.play().catch(() => {});
      const playing = !first.paused;
      const seconds = first.currentTime;
      setState((before) =>
        before.playing === playing && before.seconds === seconds ? before : { playing, seconds },
      );
    });
    return () => cancelAnimationFrame(request);
  }, []);
  const clock = {
    ...state,
    toggle() {
      const video = a.current;
      if (video?.paused) video.play().catch(() => {});
      else video?.pause();
    },
    seek(seconds: number) {
      const video = a.current;
      if (!video) return;
      video.pause();
      moveTo(video, Math.min(Math.max(0, seconds), Math.max(0, video.duration - 0.01)));
    },
  };
  return { a, b, clock };
}

function moveTo(video: HTMLVideoElement, seconds: number): void {
  video.currentTime = seconds;
}
