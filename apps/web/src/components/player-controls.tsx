import type { Take } from "@arc-fabric/contract";
import { Slider } from "@base-ui/react/slider";
import type { Player } from "../hooks/use-player.ts";
import { IconButton } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { formatSeconds } from "../util/format.ts";

interface PlayerControlsProps {
  take: Take;
  /** Of the video, for the download. */
  src: string;
  player: Player;
}

/** The row under a clip. Everything in it also has a key, see use-player. */
export function PlayerControls({ take, src, player }: PlayerControlsProps) {
  const { num_frames: numFrames } = take.parameters;
  const { state } = player;
  return (
    <div className="border-t border-line bg-surface px-3 pt-1 pb-2 last:rounded-b-card">
      <FrameSlider take={take} player={player} />
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
        <button
          type="button"
          onClick={player.nextSpeed}
          aria-label={`Speed ${state.speed}×, change it`}
          className="h-9 min-w-12 rounded-control px-2 text-sm font-medium text-muted tabular hover:bg-hover hover:text-text"
        >
          {state.speed}×
        </button>
        <a
          href={src}
          download={`${take.id}.mp4`}
          aria-label="Download the video"
          title="Download the video"
          className="hidden size-9 place-items-center rounded-control text-muted hover:bg-hover hover:text-text min-[26rem]:grid"
        >
          <Icon name="download" />
        </a>
        <IconButton icon="expand" label="Full screen" onClick={player.toggleFullscreen} />
      </div>
    </div>
  );
}

function FrameSlider({ take, player }: { take: Take; player: Player }) {
  const { fps, num_frames: numFrames } = take.parameters;
  return (
    <Slider.Root
      value={player.state.frame}
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
  );
}
