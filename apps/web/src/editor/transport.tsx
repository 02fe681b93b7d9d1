import { PlayButtons, SpeedButton } from "../components/play-buttons.tsx";
import type { Player } from "../hooks/use-player.ts";
import { IconButton } from "../ui/button.tsx";

interface TransportProps {
  player: Pick<Player, "toggle" | "step" | "toggleLoop" | "nextSpeed" | "toggleFullscreen"> & {
    state: Pick<Player["state"], "playing" | "loop" | "speed">;
  };
  /** In view, of so many. */
  frame: number;
  of: number;
  fps: number;
}

/** What moves a clip; every button also has a key. */
export function Transport({ player, frame, of: numFrames, fps }: TransportProps) {
  return (
    <div className="flex items-center">
      <PlayButtons player={player} frame={frame} of={numFrames} />
      <SpeedButton speed={player.state.speed} onClick={player.nextSpeed} />
      <IconButton icon="expand" label="Full screen" onClick={player.toggleFullscreen} />
      <span className="ml-2 text-xs whitespace-nowrap text-muted tabular">
        {frame + 1} / {numFrames}
        <span className="hidden sm:inline">{` · ${(frame / fps).toFixed(2)} s`}</span>
      </span>
    </div>
  );
}
