import { Slider } from "@base-ui/react/slider";
import type { Artifact, Take } from "@arc-fabric/contract";
import type { ReactNode } from "react";
import { client } from "../api/client.ts";
import { SPEEDS, usePlayer } from "../hooks/use-player.ts";
import { useReducedMotion } from "../hooks/use-reduced-motion.ts";
import { IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { SelectField } from "../ui/select-field.tsx";
import { formatSeconds } from "../util/format.ts";

interface PlayerProps {
  take: Take;
  video: Artifact;
  poster: string | undefined;
  /** The first frame is on the screen, so whatever stood in its place may go. */
  onReady: () => void;
  /** Drawn over the picture: an earlier step, or the live picture until the video is ready. */
  overlay: ReactNode;
}

const SPEED_OPTIONS = SPEEDS.map((speed) => ({ value: String(speed), label: `${speed}×` }));

export function Player({ take, video, poster, onReady, overlay }: PlayerProps) {
  const { fps, num_frames: numFrames, width, height } = take.parameters;
  const still = useReducedMotion();
  const player = usePlayer({ fps, numFrames, autoPlay: !still });
  const { state } = player;
  const src = client.artifacts.contentUrl(video.id);

  return (
    <div
      ref={player.box}
      role="group"
      aria-label="Player"
      onKeyDown={player.onKeyDown}
      className="group/player flex flex-col fullscreen:bg-black"
    >
      <div
        className="relative min-h-0 w-full flex-1 overflow-hidden rounded-t-card bg-stage in-fullscreen:rounded-none"
        style={{ aspectRatio: `${width} / ${height}` }}
      >
        <video
          ref={player.video}
          src={src}
          poster={poster}
          autoPlay={!still}
          loop={state.loop}
          muted
          playsInline
          preload="auto"
          tabIndex={0}
          aria-label={`Video: ${take.parameters.prompt}`}
          onClick={player.toggle}
          onLoadedData={onReady}
          className="size-full object-contain outline-offset-[-4px]"
        />
        {overlay}
      </div>
      <div className="border-t border-line bg-surface px-3 pt-1 pb-2 last:rounded-b-card">
        <Slider.Root
          value={state.frame}
          min={0}
          max={Math.max(1, numFrames - 1)}
          step={1}
          thumbAlignment="edge"
          onValueChange={(frame) => player.seek(frame as number)}
        >
          <Slider.Control className="flex w-full touch-none items-center py-2.5 select-none">
            <Slider.Track className="h-1 w-full rounded-full bg-line">
              <Slider.Indicator className="rounded-full bg-accent" />
              <Slider.Thumb
                aria-label="Frame"
                getAriaValueText={(_, frame) =>
                  `Frame ${frame + 1} of ${numFrames}, ${formatSeconds(frame / fps)}`
                }
                className="size-3.5 rounded-full bg-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
              />
            </Slider.Track>
          </Slider.Control>
        </Slider.Root>
        <div className="flex items-center gap-0.5">
          <IconButton
            icon={state.playing ? "pause" : "play"}
            label={state.playing ? "Pause" : "Play"}
            onClick={player.toggle}
          />
          <IconButton
            icon="previous"
            label="Previous frame"
            onClick={() => player.step(-1)}
            disabled={state.frame === 0}
          />
          <IconButton
            icon="next"
            label="Next frame"
            onClick={() => player.step(1)}
            disabled={state.frame >= numFrames - 1}
          />
          <IconButton icon="loop" label="Loop" pressed={state.loop} onClick={player.toggleLoop} />
          <span className="ml-2 hidden text-xs whitespace-nowrap text-muted tabular min-[26rem]:inline">
            {state.frame + 1} / {numFrames}
          </span>
          <span className="flex-1" />
          <SelectField
            label="Speed"
            hideLabel
            quiet
            className="w-16"
            value={String(state.speed)}
            options={SPEED_OPTIONS}
            onChange={(speed) => player.patch({ speed: Number(speed) })}
          />
          <a
            href={src}
            download={`${take.id}.mp4`}
            aria-label="Download the video"
            title="Download the video"
            className="ml-1 hidden size-9 place-items-center rounded-control text-muted hover:bg-hover hover:text-text min-[26rem]:grid"
          >
            <Icon name="download" />
          </a>
          <IconButton icon="expand" label="Full screen" onClick={player.toggleFullscreen} />
        </div>
      </div>
    </div>
  );
}
