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
  const { state } = player;
  return (
    <div className="flex items-center">
      <IconButton
        icon={state.playing ? "pause" : "play"}
        label={state.playing ? "Pause" : "Play"}
        onClick={player.toggle}
      />
      <IconButton
        icon="previous"
        label="Previous frame"
        onClick={() => player.step(-1)}
        disabled={frame === 0}
      />
      <IconButton
        icon="next"
        label="Next frame"
        onClick={() => player.step(1)}
        disabled={frame >= numFrames - 1}
      />
      <IconButton icon="loop" label="Loop" pressed={state.loop} onClick={player.toggleLoop} />
      <button
        type="button"
        onClick={player.nextSpeed}
        aria-label={`Speed ${state.speed}×, change it`}
        className="h-9 min-w-10 rounded-control px-1.5 text-sm font-medium text-muted tabular hover:bg-hover hover:text-text"
      >
        {state.speed}×
      </button>
      <IconButton icon="expand" label="Full screen" onClick={player.toggleFullscreen} />
      <span className="ml-2 text-xs whitespace-nowrap text-muted tabular">
        {frame + 1} / {numFrames}
        <span className="hidden sm:inline">{` · ${(frame / fps).toFixed(2)} s`}</span>
      </span>
    </div>
  );
}
