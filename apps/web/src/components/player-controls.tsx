import type { Take } from "@arc-fabric/contract";
import type { Player } from "../hooks/use-player.ts";
import { IconButton } from "../ui/button.tsx";
import { FrameSlider } from "../ui/frame-slider.tsx";
import { Icon } from "../ui/icon.tsx";
import { PlayButtons, SpeedButton } from "./play-buttons.tsx";

interface PlayerControlsProps {
  take: Take;
  /** Of the video, for the download. */
  src: string;
  player: Player;
}

/** The row under a clip. Everything in it also has a key, see use-player. */
export function PlayerControls({ take, src, player }: PlayerControlsProps) {
  const { num_frames: numFrames, fps } = take.parameters;
  const { state } = player;
  return (
    <div className="border-t border-line bg-surface px-3 pt-1 pb-2 last:rounded-b-card">
      <FrameSlider
        label="Frame"
        frame={state.frame}
        of={numFrames}
        fps={fps}
        onSeek={player.seek}
      />
      <div className="flex items-center gap-0.5">
        <PlayButtons player={player} frame={state.frame} of={numFrames} />
        <span className="ml-2 hidden text-xs whitespace-nowrap text-muted tabular min-[26rem]:inline">
          {state.frame + 1} / {numFrames}
        </span>
        <span className="flex-1" />
        <SpeedButton speed={state.speed} onClick={player.nextSpeed} />
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
