import type { Player } from "../hooks/use-player.ts";
import { IconButton } from "../ui/button.tsx";

interface PlayButtonsProps {
  player: Pick<Player, "toggle" | "step" | "toggleLoop"> & {
    state: Pick<Player["state"], "playing" | "loop">;
  };
  /** In view, counted from 0, of so many. */
  frame: number;
  of: number;
}

/** What moves a clip; every button also has a key, see use-player. */
export function PlayButtons({ player, frame, of }: PlayButtonsProps) {
  const { state } = player;
  return (
    <>
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
        disabled={frame >= of - 1}
      />
      <IconButton icon="loop" label="Loop" pressed={state.loop} onClick={player.toggleLoop} />
    </>
  );
}

/** Shows the speed and goes to the next one. */
export function SpeedButton({ speed, onClick }: { speed: number; onClick: () => void }) {
  return (
    <button
      type="button"
      onClick={onClick}
      aria-label={`Speed ${speed}×, change it`}
      className="h-9 min-w-10 rounded-control px-1.5 text-sm font-medium text-muted tabular hover:bg-hover hover:text-text"
    >
      {speed}×
    </button>
  );
}
